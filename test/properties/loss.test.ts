import { loss } from './subjects/loss.ts';

for (const proof of loss) proof.declare();
