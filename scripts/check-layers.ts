/**
 * Holds the house to its plan (src/README.md): an import points to a room on the left or stays in its own, no files
 * import each other in a circle (types too: a circle of types is a circle to the reader), no file is longer than 400
 * lines, and Node-API and intrinsics stay where they belong. `npm test` runs it; each fault is one line.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** From left to right; rooms of one line do not import each other. */
const ROOMS = {
  src: ['errors', 'core', 'backend', 'tensor', 'autograd', 'ops', 'linalg', 'distributions', 'nn', 'optim']
    .map((room) => [room])
    .concat([['data', 'text', 'metrics', 'io'], ['train'], ['models'], ['viz'], ['cli', 'index']]),
  native: [['simd'], ['kernels'], ['core'], ['binding']],
} as const;

/** What kernels are written against lies in core, and is to them what backend.ts is to the operations. */
const NATIVE_SEAM = ['native/core/kernel_table.h', 'native/core/opcodes.h'];

/** Rooms on the left that a room does without all the same. */
const KEPT_APART: Readonly<Record<string, readonly string[]>> = { nn: ['backend'] };

/** Files over 400 lines, each with its reason. */
const LONG_FILES: Readonly<Record<string, string>> = {};
const MAX_LINES = 400;

/** The spin loop's pause and the control register are no vector arithmetic. */
const NATIVE_ONLY = [
  { trace: /#include <(node_api|napi|js_native_api)\.h>/, where: /^native\/binding\//, what: 'Node-API' },
  {
    trace: /\b(__m(128|256|512)\w*|_mm(256|512)_\w+|_mm_(?!pause|[gs]etcsr)\w+|float32x4_t)\b/,
    where: /^native\/(simd\/|kernels\/isa_)/,
    what: 'intrinsics',
  },
];
const IMPORT = /^\s*(?:import|export)\b[^;'"]*?\bfrom\s*'(\.[^']+)'|^\s*import\s*'(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm;
const INCLUDE = /^\s*#include "([^"]+)"/gm;
const COUNTED = /^(src|native|scripts|test|bench|examples)\/.*\.(ts|cjs|mjs|js|h|cc)$/;

type Tree = 'src' | 'native';

function roomOf(file: string): string {
  return file.split('/')[1].replace(/\.ts$/, '');
}

/** Why `from` may not import `to`, or null. */
function refusal(tree: Tree, from: string, to: string): string | null {
  const [a, b] = [roomOf(from), roomOf(to)];
  if (a === b || NATIVE_SEAM.includes(to)) return null;
  const place = (room: string): number => ROOMS[tree].findIndex((rooms) => (rooms as readonly string[]).includes(room));
  if (place(a) < 0 || place(b) < 0) return `${place(a) < 0 ? a : b} is no room of the plan`;
  if (place(b) >= place(a)) return `${a} may not import ${b}`;
  return KEPT_APART[a]?.includes(b) ? `${a} does without ${b}` : null;
}

/** The first circle that can be walked from any file, as the files along it. */
function findCircle(imports: ReadonlyMap<string, readonly string[]>): string[] | null {
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return null;
    for (const next of imports.get(file) ?? []) {
      const circle = walk(next, [...path, file]);
      if (circle) return circle;
    }
    done.add(file);
    return null;
  };
  for (const file of imports.keys()) {
    const circle = walk(file, []);
    if (circle) return circle;
  }
  return null;
}

/** Every fault of a tree of sources, given as their texts by path from the root. */
export function layerFaults(files: ReadonlyMap<string, string>): string[] {
  const faults: string[] = [];
  const imports = new Map<string, string[]>();
  for (const [file, text] of files) {
    const lines = text.split('\n').length - 1;
    if (lines > MAX_LINES && !LONG_FILES[file]) faults.push(`${file}: ${lines} lines (at most ${MAX_LINES})`);
    const tree = /^(src|native)\//.exec(file)?.[1] as Tree | undefined;
    if (tree === undefined || file.startsWith('native/test/')) continue;
    const found = [...text.matchAll(tree === 'src' ? IMPORT : INCLUDE)].map((m) => m[1] ?? m[2] ?? m[3]);
    const targets = found.map((specifier) => posix.join(posix.dirname(file), specifier));
    imports.set(file, targets);
    for (const target of targets) {
      if (!target.startsWith(`${tree}/`)) continue;
      const reason = refusal(tree, file, target);
      if (reason !== null) faults.push(`${file} imports ${target}: ${reason}`);
    }
    for (const { trace, where, what } of NATIVE_ONLY) {
      if (trace.test(text) && !where.test(file)) faults.push(`${file}: ${what} used outside its place`);
    }
  }
  const circle = findCircle(imports);
  if (circle) faults.push(`a circle of imports: ${circle.join(' → ')}`);
  return faults;
}

/** The texts of every source file under `root`, by path. */
export function readSources(root: string): Map<string, string> {
  const folders = ['src', 'native', 'scripts', 'test', 'bench', 'examples'];
  const names = folders.flatMap((folder) => {
    try {
      return readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
    } catch {
      return []; // not every folder is there yet
    }
  });
  const paths = names
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => COUNTED.test(path) && !path.includes('/node_modules/'));
  return new Map(paths.sort().map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

const here = fileURLToPath(import.meta.url);
if (process.argv[1] === here) {
  const faults = layerFaults(readSources(join(dirname(here), '..')));
  for (const fault of faults) process.stderr.write(`layers: ${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
}
