/** The TypeScript examples of the documentation, made into programs that report what they show. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';

export interface DocBlock {
  /** `README.md:12`, the line of its first statement. */
  readonly name: string;
  readonly code: string;
}

/** A function of the global object to which a program tells the values at its `// =>` marks, by line. */
export const SHOWN = '__shownByDocBlock';

/** The blocks fenced as `ts`. */
function fencedBlocks(path: string, lines: readonly string[]): DocBlock[] {
  const blocks: DocBlock[] = [];
  for (let start = lines.indexOf('```ts'); start >= 0; start = lines.indexOf('```ts', start + 1)) {
    const end = lines.indexOf('```', start);
    if (end < 0) throw new Error(`${path}:${start + 1}: the block has no end`);
    blocks.push({ name: `${path}:${start + 2}`, code: lines.slice(start + 1, end).join('\n') });
  }
  return blocks;
}

/** The lines under each `@example` of a docstring. */
function taggedExamples(path: string, lines: readonly string[]): DocBlock[] {
  return lines.flatMap((line, tag) => {
    if (!/^\s*\* @example$/.test(line)) return [];
    const rest = lines.slice(tag + 1);
    const end = rest.findIndex((next) => /^\s*\*(\/| @)/.test(next));
    const code = rest.slice(0, end).map((next) => next.replace(/^\s*\* ?/, ''));
    return [{ name: `${path}:${tag + 2}`, code: code.join('\n') }];
  });
}

/** Every example of one file: fenced in a guide, tagged in a source. */
export function docBlocks(path: string, text: string): DocBlock[] {
  return (path.endsWith('.ts') ? taggedExamples : fencedBlocks)(path, text.split('\n'));
}

/** All examples of the project: those of the guides, and those that stand with the code. */
export function projectBlocks(root: string): DocBlock[] {
  const under = (folder: string, extension: string): string[] => {
    if (!existsSync(join(root, folder))) return [];
    const names = readdirSync(join(root, folder), { recursive: true }) as string[];
    return names.filter((name) => name.endsWith(extension)).map((name) => `${folder}/${name.replaceAll('\\', '/')}`);
  };
  const guides = ['README.md', 'CONTRIBUTING.md', 'src/README.md', ...under('docs', '.md').sort()];
  const paths = [...guides, ...under('src', '.ts').sort()];
  return paths.flatMap((path) => docBlocks(path, readFileSync(join(root, path), 'utf8')));
}

/** A value as the documentation writes it. */
export function shownText(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value);
}

/** The example beside a function imports nothing: the public names that it uses are there. */
function prelude(code: string, surface: Readonly<Record<string, unknown>>): string {
  if (/^import /m.test(code)) return '';
  const places = new Map<string, string>();
  for (const [name, value] of Object.entries(surface)) {
    places.set(name, 'lanegrad');
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== null) continue;
    for (const inner of Object.keys(value)) if (!Object.hasOwn(surface, inner)) places.set(inner, `lanegrad.${name}`);
  }
  const used = [...places].filter(([name]) => new RegExp(`\\b${name}\\b`).test(code));
  const constants = used.map(([name, place]) => `const { ${name} } = ${place};`);
  return [`import * as lanegrad from 'lanegrad';`, ...constants, ''].join(' ');
}

/**
 * The program of an example, with every `expression; // => text` made to report its value, and the texts that it ought
 * to show. The comments right below a mark continue its text. `surface` is what the package exports.
 */
export function programOf(
  block: DocBlock,
  surface: Readonly<Record<string, unknown>>,
): { code: string; expected: Record<number, string> } {
  const lines = block.code.split('\n');
  const expected: Record<number, string> = {};
  const code = lines.map((line, i) => {
    const mark = /^(\s*)(.*?);?\s*\/\/ => (.*)$/.exec(line);
    if (mark === null) return line;
    const [, indent, statement, first] = mark;
    if (statement === '' || /^(import|export|const|let|return|if|for|while)\b/.test(statement)) {
      throw new Error(`${block.name}: "// =>" stands behind no expression: ${line}`);
    }
    const text = [first];
    for (let next = i + 1; next < lines.length && lines[next].startsWith(`${indent}//    `); next++) {
      text.push(lines[next].slice(indent.length + 6));
    }
    expected[i] = text.join('\n');
    const expression = /^console\.log\((.*)\)$/.exec(statement)?.[1] ?? statement;
    return `${indent}(globalThis as any).${SHOWN}(${i}, ${expression});`;
  });
  return { code: `${prelude(block.code, surface)}${code.join('\n')}\nexport {};\n`, expected };
}
