/** A graph in Graphviz's language: one card a node, with what it is, its two places in time, value and gradient. */

import { ConfigError } from '../errors.ts';
import type { NestedArray } from '../tensor.ts';
import type { GraphEdge, GraphVertex } from './vertex.ts';

export interface DotOptions {
  /** The direction of the forward pass: left to right, top to bottom, or their reverse. Default 'LR'. */
  rankdir?: 'LR' | 'TB' | 'RL' | 'BT';
}

const DIRECTIONS = ['LR', 'TB', 'RL', 'BT'];
/** Digits of a value that are shown. */
const DIGITS = 5;

/** Fill and line of a card. */
const COLOURS = {
  leaf: ['#e7f0fb', '#3f7cbf'],
  constant: ['#f4f4f4', '#a8a8a8'],
  result: ['#ffffff', '#8a8a8a'],
  root: ['#fdf3d8', '#c9971c'],
} as const;
/** Characters of one width: Graphviz reckons with it, so that every font of the kind fills the cards as planned. */
const FONT = 'Courier';
const TITLE = 'FACE="Helvetica" POINT-SIZE="12"';
const SMALL = 'POINT-SIZE="9" COLOR="#777777"';
const GRADIENT = '#b3402a';

/** Text inside a label: what would be markup is written out, what no XML may hold is replaced. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/\r?\n/g, '<BR/>');
}

function numberText(value: number | boolean): string {
  if (typeof value === 'boolean' || !Number.isFinite(value)) return String(value);
  return Object.is(value, -0) ? '-0' : String(Number(value.toPrecision(DIGITS)));
}

/** Rows of a matrix one below the other, its axes before those side by side. */
function valueText(value: NestedArray): string {
  if (!Array.isArray(value)) return numberText(value);
  const inner = value.map(valueText);
  const rows = value.some((part) => Array.isArray(part));
  return `[${inner.join(rows ? ',\n' : ', ')}]`;
}

function row(label: string, value: NestedArray, colour: string): string {
  const text = escaped(valueText(value));
  const cell = `<FONT COLOR="${colour}">${text}</FONT>`;
  return `<TR><TD ALIGN="LEFT" VALIGN="TOP"><FONT ${SMALL}>${label} </FONT></TD><TD ALIGN="LEFT" BALIGN="LEFT">${cell}</TD></TR>`;
}

/** `→ 3  ← 5`: third in the forward pass, fifth in the backward pass. */
function placesOf({ forward, backward }: GraphVertex): string {
  const places = [forward === null ? '' : `\u2192 ${forward}`, backward === null ? '' : `\u2190 ${backward}`];
  return places.filter(Boolean).join('  ');
}

function card(vertex: GraphVertex): string {
  const { kind, op, name, shape, dtype, value, gradient } = vertex;
  const title = kind === 'result' ? op : (name ?? op);
  const called = kind === 'result' && name !== null ? `&#160;=&#160;<I>${escaped(name)}</I>` : '';
  const places = placesOf(vertex);
  const rows = [
    `<TR><TD COLSPAN="2"><FONT ${TITLE}><B>${escaped(title)}</B>${called}</FONT></TD></TR>`,
    `<TR><TD COLSPAN="2"><FONT ${SMALL}>${dtype} [${shape.join(', ')}]${places === '' ? '' : `   ${places}`}</FONT></TD></TR>`,
  ];
  if (value !== null) rows.push(row('value', value, '#222222'));
  if (gradient !== null) rows.push(row('gradient', gradient, GRADIENT));
  return `<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">${rows.join('')}</TABLE>`;
}

/** @throws ConfigError  if the direction is none of Graphviz's */
export function dotText(
  { nodes, edges }: { nodes: readonly GraphVertex[]; edges: readonly GraphEdge[] },
  { rankdir = 'LR' }: DotOptions,
): string {
  if (!DIRECTIONS.includes(rankdir)) {
    throw new ConfigError({ op: 'toDot', problem: 'unknown rankdir', got: rankdir, expected: DIRECTIONS.join(' | ') });
  }
  const last = nodes.at(-1);
  const lines = nodes.map((vertex) => {
    const [fill, line] = COLOURS[vertex === last && vertex.kind === 'result' ? 'root' : vertex.kind];
    return `  ${vertex.id} [fillcolor="${fill}", color="${line}", label=<${card(vertex)}>];`;
  });
  return [
    'digraph computation {',
    `  graph [rankdir=${rankdir}, bgcolor="white", nodesep=0.25, ranksep=0.4];`,
    `  node [shape=box, style="rounded,filled", margin="0.08,0.04", fontname="${FONT}", fontsize=11];`,
    '  edge [color="#8a8a8a", arrowsize=0.6];',
    ...lines,
    ...edges.map(({ from, to }) => `  ${from} -> ${to};`),
    '}',
    '',
  ].join('\n');
}
