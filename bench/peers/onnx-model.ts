/**
 * Writes ONNX models of a few nodes. The format is protocol buffers; the numbers of the fields are those of onnx.proto.
 *
 * Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */

const IR_VERSION = 8;
const OPSET = 17;
const FLOAT = 1;
const INT_ATTRIBUTE = 2;

export interface OnnxNode {
  readonly op: string;
  /** '' stands for an optional input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number>>;
}

export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxTensor[];
  readonly outputs: readonly OnnxTensor[];
  readonly weights?: readonly (OnnxTensor & { readonly data: Float32Array })[];
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
}

function integer(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function bytes(field: number, content: Uint8Array): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
}

function text(field: number, content: string): Buffer {
  return bytes(field, Buffer.from(content));
}

function message(field: number, ...parts: readonly Buffer[]): Buffer {
  return bytes(field, Buffer.concat(parts));
}

function nodeProto({ op, inputs, outputs, attributes = {} }: OnnxNode): Buffer {
  return message(
    1,
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) =>
      message(5, text(1, name), integer(3, value), integer(20, INT_ATTRIBUTE)),
    ),
  );
}

function valueInfo(field: number, { name, dims }: OnnxTensor): Buffer {
  const shape = message(2, ...dims.map((dim) => message(1, integer(1, dim))));
  return message(field, text(1, name), message(2, message(1, integer(1, FLOAT), shape)));
}

function tensorProto({ name, dims, data }: OnnxTensor & { readonly data: Float32Array }): Buffer {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return message(5, ...dims.map((dim) => integer(1, dim)), integer(2, FLOAT), text(8, name), bytes(9, raw));
}

/** The model as the bytes of an .onnx file; float32 throughout, on a machine that stores the low byte first. */
export function onnxModel({ nodes, inputs, outputs, weights = [] }: OnnxGraph): Uint8Array {
  return Buffer.concat([
    integer(1, IR_VERSION),
    message(
      7,
      ...nodes.map(nodeProto),
      text(2, 'graph'),
      ...weights.map(tensorProto),
      ...inputs.map((input) => valueInfo(11, input)),
      ...outputs.map((output) => valueInfo(12, output)),
    ),
    message(8, text(1, ''), integer(2, OPSET)),
  ]);
}
