import { reduction } from './subjects/reduction.ts';

for (const proof of reduction) proof.declare();
