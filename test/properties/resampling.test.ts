import { resampling } from './subjects/resampling.ts';

for (const proof of resampling) proof.declare();
