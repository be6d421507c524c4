/** Layers with parameters, from their formulas. */

import { sumOf } from './product.ts';
import { at, Illegal, measured, type Value } from './value.ts';

/** Σ x1ᵢ·W_oij·x2ⱼ + b_o. */
export function bilinear(x1: Value, x2: Value, weight: Value, bias: Value | null): Value | Illegal {
  const shapes = [x1.shape, x2.shape, weight.shape, ...(bias === null ? [] : [bias.shape])];
  const lead = x1.shape.slice(0, -1);
  const [out, in1, in2] = weight.shape;
  const fits =
    x1.shape.length > 0 &&
    x2.shape.length > 0 &&
    weight.shape.length === 3 &&
    x2.shape.slice(0, -1).join() === lead.join() &&
    x1.shape[lead.length] === in1 &&
    x2.shape[lead.length] === in2 &&
    (bias === null || (bias.shape.length === 1 && bias.shape[0] === out));
  if (!fits) return new Illegal(shapes);
  return measured([...lead, out], (index) => {
    const [front, o] = [index.slice(0, -1), index[lead.length]];
    const products: number[][] = [];
    for (let i = 0; i < in1; i++)
      for (let j = 0; j < in2; j++)
        products.push([at(x1, [...front, i]), at(weight, [o, i, j]), at(x2, [...front, j])]);
    return sumOf(bias === null ? products : [...products, [bias.data[o], 1]]);
  });
}
