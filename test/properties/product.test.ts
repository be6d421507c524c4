import { product } from './subjects/product.ts';

for (const proof of product) proof.declare();
