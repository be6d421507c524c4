import { order } from './subjects/order.ts';

for (const proof of order) proof.declare();
