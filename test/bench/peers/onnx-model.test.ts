import { expect, test } from 'vitest';
import { onnxModel } from '../../../bench/peers/onnx-model.ts';

type Field = { field: number; value: number | Uint8Array };

/** Reads one message of protocol buffers, as its specification says: varints and length-delimited fields. */
function parse(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const [field, wire] = [tag >> 3, tag & 7];
    if (wire === 0) fields.push({ field, value: varint() });
    else if (wire === 2) {
      const length = varint();
      fields.push({ field, value: bytes.subarray(at, (at += length)) });
    } else throw new Error(`wire type ${wire}`);
  }
  return fields;
}

const all = (fields: Field[], field: number) => fields.filter((one) => one.field === field).map(({ value }) => value);
const messages = (fields: Field[], field: number) => all(fields, field).map((value) => parse(value as Uint8Array));
const texts = (fields: Field[], field: number) =>
  all(fields, field).map((value) => Buffer.from(value as Uint8Array).toString());

test('a model holds its nodes, inputs, outputs and weights', () => {
  const data = Float32Array.from({ length: 300 }, (_, i) => i / 7);
  const model = parse(
    onnxModel({
      nodes: [{ op: 'Gemm', inputs: ['a', '', 'w'], outputs: ['c'], attributes: { transB: 1 } }],
      inputs: [{ name: 'a', dims: [200, 3] }],
      outputs: [{ name: 'c', dims: [200, 100] }],
      weights: [{ name: 'w', dims: [100, 3], data }],
    }),
  );
  expect(all(model, 1)).toEqual([8]);
  const [opset] = messages(model, 8);
  expect([texts(opset, 1), all(opset, 2)]).toEqual([[''], [17]]);

  const [graph] = messages(model, 7);
  const [node] = messages(graph, 1);
  expect([texts(node, 1), texts(node, 2), texts(node, 4)]).toEqual([['a', '', 'w'], ['c'], ['Gemm']]);
  const [attribute] = messages(node, 5);
  expect([texts(attribute, 1), all(attribute, 3), all(attribute, 20)]).toEqual([['transB'], [1], [2]]);

  const [input] = messages(graph, 11);
  const [tensor] = messages(messages(input, 2)[0], 1);
  expect([texts(input, 1), all(tensor, 1)]).toEqual([['a'], [1]]);
  expect(messages(messages(tensor, 2)[0], 1).map((dim) => all(dim, 1))).toEqual([[200], [3]]);

  const [weight] = messages(graph, 5);
  expect([all(weight, 1), all(weight, 2), texts(weight, 8)]).toEqual([[100, 3], [1], ['w']]);
  expect(new Float32Array(Uint8Array.from(all(weight, 9)[0] as Uint8Array).buffer)).toEqual(data);
});
