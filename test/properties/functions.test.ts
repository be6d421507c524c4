import { functions } from './subjects/functions.ts';

for (const proof of functions) proof.declare();
