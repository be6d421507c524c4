import { movement } from './subjects/movement.ts';

for (const proof of movement) proof.declare();
