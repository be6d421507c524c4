import { indexing } from './subjects/indexing.ts';

for (const proof of indexing) proof.declare();
