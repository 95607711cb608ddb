/**
 * Graphs of scalars in double precision: derivatives in both modes and as sums over paths, and a network as a graph.
 *
 * @module
 */

export type { Operation } from './derivative-rules.js';
export { Graph, type Node, type Path, type PathsOptions } from './scalar-graph.js';
export { type Unrollable, type Unrolled, type UnrolledLayer, unroll } from './unroll.js';
