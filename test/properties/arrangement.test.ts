import { arrangement } from './subjects/arrangement.ts';

for (const proof of arrangement) proof.declare();
