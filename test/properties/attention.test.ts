import { attention } from './subjects/attention.ts';

for (const proof of attention) proof.declare();
