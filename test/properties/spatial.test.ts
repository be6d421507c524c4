import { spatial } from './subjects/spatial.ts';

for (const proof of spatial) proof.declare();
