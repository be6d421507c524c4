/** Things to look at: the graph of a computation. */

export type { DotOptions } from './dot.ts';
export { Graph, type GraphOptions, graph } from './graph.ts';
export type { GraphEdge, GraphVertex } from './vertex.ts';
