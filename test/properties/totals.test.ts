import { totals } from './subjects/totals.ts';

for (const proof of totals) proof.declare();
