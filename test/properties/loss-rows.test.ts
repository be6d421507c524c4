import { lossRows } from './subjects/loss-rows.ts';

for (const proof of lossRows) proof.declare();
