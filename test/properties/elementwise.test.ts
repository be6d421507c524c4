import { elementwise } from './subjects/elementwise.ts';

for (const proof of elementwise) proof.declare();
