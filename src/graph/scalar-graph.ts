import { checkFinite, checkInteger, checkObject, outOfRange, wrongType } from '../check/errors.js';
import { type Operation, RULES, type Rule } from './derivative-rules.js';

// Derivatives on a computational graph, in f64 and one number at a time: for seeing why back-propagation works, not for training.
// After C. Olah, Calculus on Computational Graphs: Backpropagation (2015). Nothing here reaches a weight.

/** One scalar. Its operands exist before it and never change: a graph has no cycles, and the order of creation is one of evaluation. */
export interface Node {
  /** Its place in `graph.nodes`, and in what `reverse` and `forward` return. */
  readonly index: number;
  readonly name: string;
  readonly operation: Operation | 'input' | 'constant';
  readonly operands: readonly Node[];
  readonly value: number;
  /** For each operand the derivative of this node by it alone: what stands at the edge in a drawing. */
  readonly slopes: readonly number[];
}

/** A way from one node to another along the edges. */
export interface Path {
  readonly nodes: readonly Node[];
  /** The derivative at each edge: one less than there are nodes. */
  readonly slopes: readonly number[];
  readonly product: number;
}

type Slot = { -readonly [K in keyof Node]: Node[K] };

const DEFAULT_LIMIT = 10_000;

/**
 * @example
 * const graph = new Graph();
 * const a = graph.input(2, 'a');
 * const b = graph.input(1, 'b');
 * const c = graph.add(a, b, 'c');
 * const d = graph.add(b, graph.constant(1), 'd');
 * const e = graph.multiply(c, d, 'e');
 * graph.reverse(e)[b.index]; // de/db = 5, and de by every other node
 * [...graph.paths(b, e)].map(({ product }) => product); // [2, 3]: over c and over d
 */
export class Graph {
  readonly #nodes: Slot[] = [];
  /** In the order of creation. */
  readonly nodes: readonly Node[] = this.#nodes;

  /** A number that `evaluate` can change. */
  input(value: number, name?: string): Node {
    return this.#append('input', [], name, checkFinite('input', value));
  }

  constant(value: number, name?: string): Node {
    return this.#append('constant', [], name ?? String(value), checkFinite('constant', value));
  }

  add(u: Node, v: Node, name?: string): Node {
    return this.#append('add', [u, v], name);
  }

  /** One addition of any number of operands: one edge from each. */
  sum(operands: readonly Node[], name?: string): Node {
    if (!Array.isArray(operands)) throw wrongType('sum: operands', operands, 'an array of nodes');
    if (operands.length === 0) throw outOfRange('sum: operands', 'none', '1 or more');
    return this.#append('add', operands, name);
  }

  subtract(u: Node, v: Node, name?: string): Node {
    return this.#append('subtract', [u, v], name);
  }

  multiply(u: Node, v: Node, name?: string): Node {
    return this.#append('multiply', [u, v], name);
  }

  divide(u: Node, v: Node, name?: string): Node {
    return this.#append('divide', [u, v], name);
  }

  exp(u: Node, name?: string): Node {
    return this.#append('exp', [u], name);
  }

  /** The natural logarithm. */
  log(u: Node, name?: string): Node {
    return this.#append('log', [u], name);
  }

  sigmoid(z: Node, name?: string): Node {
    return this.#append('sigmoid', [z], name);
  }

  tanh(z: Node, name?: string): Node {
    return this.#append('tanh', [z], name);
  }

  /** Its slope at exactly 0 is 0. */
  relu(z: Node, name?: string): Node {
    return this.#append('relu', [z], name);
  }

  /** Gives inputs other numbers and computes every node anew: `evaluate([[a, 3], [b, 1]])`, or with a Map. */
  evaluate(values: Iterable<readonly [Node, number]>): void {
    // a word has letters, and no node
    if (typeof values === 'string' || typeof (values as Partial<typeof values>)?.[Symbol.iterator] !== 'function') {
      throw wrongType('evaluate: values', values, 'pairs of a node and a number, in a list or a Map');
    }
    const changes = Array.from(values, (pair: unknown, i) => {
      if (!Array.isArray(pair) || pair.length !== 2) throw wrongType(`evaluate: pair ${i}`, pair, '[node, number]');
      const [node, value] = pair;
      const slot = this.#find(`evaluate: node ${i}`, node);
      if (slot.operation !== 'input') {
        throw outOfRange(`evaluate: node ${i} (${slot.name})`, `a node of ${slot.operation}`, 'an input');
      }
      return { slot, value: checkFinite(`evaluate: value ${i} (${slot.name})`, value) };
    });
    for (const { slot, value } of changes) slot.value = value;
    for (const slot of this.#nodes) compute(slot);
  }

  /** Reverse mode: the derivatives of `output` by every node in one pass from it back to the inputs. [nodes], by `index` */
  reverse(output: Node): Float64Array {
    const last = this.#find('reverse: output', output).index;
    const derivatives = new Float64Array(this.#nodes.length);
    // not the same as a derivative that is not 0: a slope off every path to the output may be infinite
    const reaches = new Uint8Array(this.#nodes.length);
    derivatives[last] = reaches[last] = 1;
    for (let i = last; i >= 0; i--) {
      if (!reaches[i]) continue;
      const { operands, slopes } = this.#nodes[i];
      for (let k = 0; k < operands.length; k++) {
        derivatives[operands[k].index] += slopes[k] * derivatives[i];
        reaches[operands[k].index] = 1;
      }
    }
    return derivatives;
  }

  /** Forward mode: the derivatives of every node by one input in one pass from it on; an inner node is taken for an input. [nodes], by `index` */
  forward(input: Node): Float64Array {
    return this.#spread(this.#find('forward: input', input), ({ slopes }, k) => slopes[k]);
  }

  /** The number of paths, without walking them; exact up to 2⁵³. */
  countPaths(from: Node, to: Node): number {
    return this.#counts('countPaths', from, to)[to.index];
  }

  /** All paths one by one. More than `limit` (10,000 unless given) are refused before the first. */
  paths(from: Node, to: Node, options: { limit?: number } = {}): Generator<Path, void, undefined> {
    checkObject('paths: options', options, ['limit']);
    const limit = checkInteger('paths: options.limit', options.limit ?? DEFAULT_LIMIT, 0, Number.MAX_SAFE_INTEGER);
    const counts = this.#counts('paths', from, to);
    const count = counts[to.index];
    if (count > limit) {
      throw outOfRange(
        `paths from ${from.name} to ${to.name}`,
        `${count} paths`,
        `at most ${limit}, or a larger limit`,
      );
    }
    return walk(from, to, counts);
  }

  /** The derivative of `to` by `from` as the sum over all paths of the product along each: what `reverse` gives without walking any. */
  pathSum(from: Node, to: Node, options?: { limit?: number }): number {
    let sum = 0;
    for (const { product } of this.paths(from, to, options)) sum += product;
    return sum;
  }

  #append(
    operation: Node['operation'],
    operands: readonly Node[],
    name = `${operation} ${this.#nodes.length}`,
    value = 0,
  ): Node {
    const own = operands.map((operand, k) => this.#find(`${operation}: operand ${k}`, operand));
    const node: Slot = { index: this.#nodes.length, name, operation, operands: Object.freeze(own), value, slopes: [] };
    compute(node);
    this.#nodes.push(node);
    return node;
  }

  #find(where: string, node: Node): Slot {
    const found = this.#nodes[(node as Node | undefined)?.index ?? -1];
    if (found === undefined || found !== node) throw wrongType(where, node, 'a node of this graph');
    return found;
  }

  /** Counting paths is forward mode with every slope 1. */
  #counts(where: string, from: Node, to: Node): Float64Array {
    this.#find(`${where}: to`, to);
    return this.#spread(this.#find(`${where}: from`, from), () => 1);
  }

  #spread(from: Node, slope: (node: Node, k: number) => number): Float64Array {
    const derivatives = new Float64Array(this.#nodes.length);
    const depends = new Uint8Array(this.#nodes.length);
    derivatives[from.index] = depends[from.index] = 1;
    for (let i = from.index + 1; i < depends.length; i++) {
      const node = this.#nodes[i];
      node.operands.forEach(({ index }, k) => {
        if (!depends[index]) return;
        derivatives[i] += slope(node, k) * derivatives[index];
        depends[i] = 1;
      });
    }
    return derivatives;
  }
}

function compute(node: Slot): void {
  const { operation, operands } = node;
  if (operation === 'input' || operation === 'constant') return;
  const rule: Rule = RULES[operation];
  const value = rule.value(operands);
  node.value = value;
  node.slopes = operands.map((_, k) => rule.slope(operands, k, value));
}

/** Depth first from `to` back, only into operands that `from` leads to: every step is on a path. */
function* walk(from: Node, to: Node, counts: Float64Array): Generator<Path, void, undefined> {
  const nodes = [to];
  const slopes: number[] = [];
  const tried = [0];
  while (nodes.length > 0) {
    const top = nodes.length - 1;
    const node = nodes[top];
    if (node === from) {
      const product = slopes.reduceRight((factors, slope) => factors * slope, 1);
      yield { nodes: [...nodes].reverse(), slopes: [...slopes].reverse(), product };
    }
    if (node === from || tried[top] === node.operands.length) {
      nodes.pop();
      slopes.pop();
      tried.pop();
      continue;
    }
    const k = tried[top]++;
    if (counts[node.operands[k].index] === 0) continue;
    nodes.push(node.operands[k]);
    slopes.push(node.slopes[k]);
    tried.push(0);
  }
}
