import { expect, test } from 'vitest';
import { layerFaults, readSources } from '../../scripts/check-layers.ts';
import { root } from '../support/package.ts';

function faultsOf(files: Record<string, string>): string[] {
  return layerFaults(new Map(Object.entries(files)));
}

test('the sources keep to the plan', () => {
  const sources = readSources(root);
  expect(sources.size).toBeGreaterThan(150);
  expect(layerFaults(sources)).toEqual([]);
});

test.each([
  ['a value', "import { add } from '../ops/index.ts';"],
  ['a type', "import type { Op } from '../ops/define.ts';"],
  ['a re-export', "export { add } from '../ops/index.ts';"],
  ['for its effect', "import '../ops/tensor-methods.ts';"],
  ['on demand', "const ops = await import('../ops/index.ts');"],
  ['over several lines', "import {\n  add,\n  mul,\n} from '../ops/index.ts';"],
])('sees an import that points right: %s', (_, code) => {
  const [fault] = faultsOf({ 'src/core/shape.ts': `${code}\n` });
  expect(fault).toMatch(/^src\/core\/shape\.ts imports src\/ops\/.*: core may not import ops$/);
});

test('lets imports point left, stay in their room, and leave the house', () => {
  const code = "import { add } from '../ops/index.ts';\nimport fs from 'node:fs';\nimport { b } from './b.ts';\n";
  expect(faultsOf({ 'src/nn/a.ts': code, 'src/nn/b.ts': '' })).toEqual([]);
});

test('keeps rooms of one line apart, and nn from the backend', () => {
  expect(faultsOf({ 'src/io/a.ts': "import { b } from '../text/b.ts';\n" })).toEqual([
    'src/io/a.ts imports src/text/b.ts: io may not import text',
  ]);
  expect(faultsOf({ 'src/nn/a.ts': "import { k } from '../backend/select.ts';\n" })).toEqual([
    'src/nn/a.ts imports src/backend/select.ts: nn does without backend',
  ]);
});

test('knows every room', () => {
  expect(faultsOf({ 'src/helpers/a.ts': "import { b } from '../core/b.ts';\n" })).toEqual([
    'src/helpers/a.ts imports src/core/b.ts: helpers is no room of the plan',
  ]);
});

test('sees a circle, also one of types', () => {
  const files = {
    'src/core/a.ts': "import { b } from './b.ts';\n",
    'src/core/b.ts': "import type { C } from './c.ts';\n",
    'src/core/c.ts': "import { a } from './a.ts';\n",
  };
  expect(faultsOf(files)).toEqual([
    'a circle of imports: src/core/a.ts → src/core/b.ts → src/core/c.ts → src/core/a.ts',
  ]);
});

test('sees a file that is too long', () => {
  expect(faultsOf({ 'src/core/a.ts': '\n'.repeat(400) })).toEqual([]);
  expect(faultsOf({ 'test/a.test.ts': '\n'.repeat(401) })).toEqual(['test/a.test.ts: 401 lines (at most 400)']);
});

test('holds the native rooms to theirs', () => {
  const seam = { 'native/kernels/isa_avx2.cc': '#include "../core/kernel_table.h"\n' };
  expect(faultsOf(seam)).toEqual([]);
  const faults = faultsOf({
    'native/simd/a.h': '#include "../kernels/gemm.inl.h"\n',
    'native/kernels/b.inl.h': '#include "../core/thread_pool.h"\n__m256 x = _mm256_setzero_ps();\n',
    'native/core/c.cc': '#include <node_api.h>\n_mm_pause();\n',
  });
  expect(faults).toEqual([
    'native/simd/a.h imports native/kernels/gemm.inl.h: simd may not import kernels',
    'native/kernels/b.inl.h imports native/core/thread_pool.h: kernels may not import core',
    'native/kernels/b.inl.h: intrinsics used outside its place',
    'native/core/c.cc: Node-API used outside its place',
  ]);
});
