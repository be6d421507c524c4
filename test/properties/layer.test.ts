import { layer } from './subjects/layer.ts';

for (const proof of layer) proof.declare();
