import { lossTerms } from './subjects/loss-terms.ts';

for (const proof of lossTerms) proof.declare();
