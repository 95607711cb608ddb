import {
  checkFinite,
  checkInteger,
  checkNoMore,
  checkObject,
  orDefault,
  outOfRange,
  wrongType,
} from '../check/errors.js';
import { notCloned } from '../check/not-cloned.js';
import { type Operation, RULES, type Rule } from './derivative-rules.js';

// Derivatives on a computational graph, in f64 and one number at a time. They show why back-propagation works; training
// does not use them. After C. Olah, Calculus on Computational Graphs: Backpropagation (2015).

/**
 * One scalar of a graph. Its operands exist before it and never change. A graph therefore has no cycles, and its nodes
 * can be evaluated in the order of creation.
 */
export interface Node {
  /** The node's index in `graph.nodes`, and in the results of `reverse` and `forward`. */
  readonly index: number;
  /** The name that it was given, or its operation and index. */
  readonly name: string;
  /** What it computes. */
  readonly operation: Operation | 'input' | 'constant';
  /** The nodes that it is computed from, in order. */
  readonly operands: readonly Node[];
  /** Its number, computed from the present numbers of the inputs. */
  readonly value: number;
  /** The derivative of this node with respect to each operand. In a drawing, these numbers stand at the edges. */
  readonly slopes: readonly number[];
}

/** A path from one node to another, along the edges. */
export interface Path {
  /** From the first node to the last. */
  readonly nodes: readonly Node[];
  /** The derivative at each edge. There is one edge fewer than there are nodes. */
  readonly slopes: readonly number[];
  /** The product of all slopes. */
  readonly product: number;
}

/** Options of `paths` and `pathSum`. */
export interface PathsOptions {
  /**
   * The most paths: an integer from 0 up. More are refused before the first.
   * @defaultValue `10000`
   */
  limit?: number | undefined;
}

const DEFAULT_LIMIT = 10_000;

/**
 * A computational graph of scalars in f64, which computes derivatives by reverse mode, by forward mode and as sums over
 * paths (C. Olah, Calculus on Computational Graphs: Backpropagation, 2015). Every method throws a TypeError for a node
 * that is not of this graph.
 *
 * @example
 * import { Graph } from 'simdprop/graph';
 *
 * const graph = new Graph();
 * const a = graph.input(2, 'a');
 * const b = graph.input(1, 'b');
 * const c = graph.add(a, b, 'c');
 * const d = graph.add(b, graph.constant(1), 'd');
 * const e = graph.multiply(c, d, 'e');
 * console.log(graph.reverse(e)[b.index]); // 5
 * // over c and over d
 * console.log([...graph.paths(b, e)].map(({ product }) => product)); // [ 2, 3 ]
 */
export class Graph {
  readonly #nodes: Node[] = [];
  /** A copy of the nodes; undefined if there is a new one since. */
  #copy: readonly Node[] | undefined;
  /** @internal */
  readonly notCloned = notCloned('a Graph: it cannot be copied');

  /** A graph without nodes. */
  constructor(none?: undefined) {
    checkNoMore('Graph', 1, none);
    Object.freeze(this);
  }

  /** All nodes, in the order of creation, as a frozen copy. */
  get nodes(): readonly Node[] {
    this.#copy ??= Object.freeze([...this.#nodes]);
    return this.#copy;
  }

  /**
   * Adds a number that `evaluate` can change.
   *
   * @param value a finite number
   * @param name for messages; if left out, the operation and the index
   * @returns the new node
   * @throws TypeError or RangeError if the value is not a finite number
   */
  input(value: number, name?: string, none?: undefined): Node {
    checkNoMore('input', 3, none);
    return this.#append('input', [], name, checkFinite('input', value));
  }

  /**
   * Adds a number that never changes.
   *
   * @param value a finite number
   * @param name for messages; if left out, the number
   * @returns the new node
   * @throws TypeError or RangeError if the value is not a finite number
   */
  constant(value: number, name?: string, none?: undefined): Node {
    checkNoMore('constant', 3, none);
    return this.#append('constant', [], orDefault(name, String(value)), checkFinite('constant', value));
  }

  /**
   * Adds u + v.
   *
   * @param u a node of this graph
   * @param v a node of this graph
   * @param name for messages; if left out, the operation and the index
   * @returns the new node
   * @throws TypeError for a node that is not of this graph
   */
  add(u: Node, v: Node, name?: string, none?: undefined): Node {
    checkNoMore('add', 4, none);
    return this.#append('add', [u, v], name);
  }

  /**
   * Adds the sum of one or more operands as a single node, with an edge from each operand.
   *
   * @param operands nodes of this graph
   * @param name for messages; if left out, the operation and the index
   * @returns the new node
   * @throws TypeError for a node that is not of this graph; RangeError if there is none
   */
  sum(operands: readonly Node[], name?: string, none?: undefined): Node {
    checkNoMore('sum', 3, none);
    if (!Array.isArray(operands)) throw wrongType('sum: operands', operands, 'an array of nodes');
    if (operands.length === 0) throw outOfRange('sum: operands', 'none', '1 or more');
    return this.#append('add', operands, name);
  }

  /**
   * Adds u - v.
   *
   * @param u a node of this graph
   * @param v a node of this graph
   * @param name for messages; if left out, the operation and the index
   * @returns the new node
   * @throws TypeError for a node that is not of this graph
   */
  subtract(u: Node, v: Node, name?: string, none?: undefined): Node {
    checkNoMore('subtract', 4, none);
    return this.#append('subtract', [u, v], name);
  }

  /**
   * Adds u v.
   *
   * @param u a node of this graph
   * @param v a node of this graph
   * @param name for messages; if left out, the operation and the index
   * @returns the new node
   * @throws TypeError for a node that is not of this graph
   */
  multiply(u: Node, v: Node, name?: string, none?: undefined): Node {
    checkNoMore('multiply', 4, none);
    return this.#append('multiply', [u, v], name);
  }

  /**
   * Adds u / v.
   *
   * @param u a node of this graph
   * @param v a node of this graph
   * @param name for messages; if left out, the operation and the index
   * @returns the new node
   * @throws TypeError for a node that is not of this graph
   */
  divide(u: Node, v: Node, name?: string, none?: undefined): Node {
    checkNoMore('divide', 4, none);
    return this.#append('divide', [u, v], name);
  }

  /**
   * Adds e^u.
   *
   * @param u a node of this graph
   * @param name for messages; if left out, the operation and the index
   * @returns the new node
   * @throws TypeError for a node that is not of this graph
   */
  exp(u: Node, name?: string, none?: undefined): Node {
    checkNoMore('exp', 3, none);
    return this.#append('exp', [u], name);
  }

  /**
   * Adds ln u, the natural logarithm.
   *
   * @param u a node of this graph
   * @param name for messages; if left out, the operation and the index
   * @returns the new node
   * @throws TypeError for a node that is not of this graph
   */
  log(u: Node, name?: string, none?: undefined): Node {
    checkNoMore('log', 3, none);
    return this.#append('log', [u], name);
  }

  /**
   * Adds 1 / (1 + e^-z).
   *
   * @param z a node of this graph
   * @param name for messages; if left out, the operation and the index
   * @returns the new node
   * @throws TypeError for a node that is not of this graph
   */
  sigmoid(z: Node, name?: string, none?: undefined): Node {
    checkNoMore('sigmoid', 3, none);
    return this.#append('sigmoid', [z], name);
  }

  /**
   * Adds tanh z.
   *
   * @param z a node of this graph
   * @param name for messages; if left out, the operation and the index
   * @returns the new node
   * @throws TypeError for a node that is not of this graph
   */
  tanh(z: Node, name?: string, none?: undefined): Node {
    checkNoMore('tanh', 3, none);
    return this.#append('tanh', [z], name);
  }

  /**
   * Adds max(z, 0). Its slope at exactly 0 is 0.
   *
   * @param z a node of this graph
   * @param name for messages; if left out, the operation and the index
   * @returns the new node
   * @throws TypeError for a node that is not of this graph
   */
  relu(z: Node, name?: string, none?: undefined): Node {
    checkNoMore('relu', 3, none);
    return this.#append('relu', [z], name);
  }

  /**
   * Changes the numbers of inputs and computes every node again.
   *
   * @param values pairs of an input and a finite number, such as `[[a, 3], [b, 1]]`, or a Map
   * @throws TypeError or RangeError if one of the pairs is wrong; no number is changed then
   */
  evaluate(values: Iterable<readonly [Node, number]>, none?: undefined): void {
    checkNoMore('evaluate', 2, none);
    // a string can be iterated too, but it contains no nodes
    if (typeof values === 'string' || typeof (values as Partial<typeof values>)?.[Symbol.iterator] !== 'function') {
      throw wrongType('evaluate: values', values, 'pairs of a node and a number, in a list or a Map: [[node, 3]]');
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
    for (const { slot, value } of changes) set(slot, value, slot.slopes);
    for (const slot of this.#nodes) compute(slot);
  }

  /**
   * Reverse mode: the derivatives of `output` with respect to every node, in one pass from `output` back to the inputs.
   *
   * @param output a node of this graph
   * @returns a number for each node [nodes]: the derivative with respect to a node is at its `index`
   * @throws TypeError for a node that is not of this graph
   */
  reverse(output: Node, none?: undefined): Float64Array {
    checkNoMore('reverse', 2, none);
    const last = this.#find('reverse: output', output).index;
    const derivatives = new Float64Array(this.#nodes.length);
    // true for nodes on a path to the output. Others are left out: their derivative 0 times an infinite slope would be
    // NaN
    const leadsToOutput = new Uint8Array(this.#nodes.length);
    derivatives[last] = leadsToOutput[last] = 1;
    for (let i = last; i >= 0; i--) {
      if (!leadsToOutput[i]) continue;
      const { operands, slopes } = this.#nodes[i];
      for (let k = 0; k < operands.length; k++) {
        derivatives[operands[k].index] += slopes[k] * derivatives[i];
        leadsToOutput[operands[k].index] = 1;
      }
    }
    return derivatives;
  }

  /**
   * Forward mode: the derivatives of every node with respect to `input`, in one pass. `input` may be an inner node,
   * which then counts as an input.
   *
   * @param input a node of this graph
   * @returns a number for each node [nodes]: the derivative of a node is at its `index`
   * @throws TypeError for a node that is not of this graph
   */
  forward(input: Node, none?: undefined): Float64Array {
    checkNoMore('forward', 2, none);
    return this.#forwardWith(this.#find('forward: input', input), ({ slopes }, k) => slopes[k]);
  }

  /**
   * The number of paths from one node to another, found without following them; exact up to 2⁵³.
   *
   * @param from a node of this graph
   * @param to a node of this graph
   * @returns the number of paths; 0 if there is none
   * @throws TypeError for a node that is not of this graph
   */
  countPaths(from: Node, to: Node, none?: undefined): number {
    checkNoMore('countPaths', 3, none);
    return this.#counts('countPaths', from, to)[to.index];
  }

  /**
   * All paths from one node to another, one by one.
   *
   * @param from a node of this graph
   * @param to a node of this graph
   * @param options the largest number of paths
   * @returns an iterator of the paths
   * @throws TypeError for a node that is not of this graph; TypeError or RangeError for a wrong limit; RangeError
   *   before the first path if there are more than `limit`
   */
  paths(from: Node, to: Node, options: PathsOptions = {}, none?: undefined): Generator<Path, void, undefined> {
    checkNoMore('paths', 4, none);
    checkObject('paths: options', options, ['limit']);
    const limit = checkInteger(
      'paths: options.limit',
      orDefault(options.limit, DEFAULT_LIMIT),
      0,
      Number.MAX_SAFE_INTEGER,
    );
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

  /**
   * The derivative of `to` with respect to `from`, as the sum over all paths of the product of the slopes along each.
   * `reverse` computes the same number without following paths.
   *
   * @param from a node of this graph
   * @param to a node of this graph
   * @param options the largest number of paths
   * @returns d to / d from
   * @throws TypeError or RangeError as `paths` does
   */
  pathSum(from: Node, to: Node, options?: PathsOptions, none?: undefined): number {
    checkNoMore('pathSum', 4, none);
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
    if (typeof name !== 'string') throw wrongType(`${operation}: name`, name, `a text${wayFromNode(name, operation)}`);
    const found = operands.map((operand, k) => this.#find(`${operation}: operand ${k}`, operand));
    const node: Node = {
      index: this.#nodes.length,
      name,
      operation,
      operands: Object.freeze(found),
      value,
      slopes: Object.freeze([]),
    };
    for (const key of Object.keys(node)) Object.defineProperty(node, key, { writable: false });
    Object.preventExtensions(node);
    compute(node);
    this.#nodes.push(node);
    this.#copy = undefined;
    return node;
  }

  #find(where: string, node: Node): Node {
    const found = this.#nodes[(node as Node | undefined)?.index ?? -1];
    if (found === undefined || found !== node) throw wrongType(where, node, 'a node of this graph');
    return found;
  }

  /** The number of paths from `from` to each node. This is forward mode with every slope 1. */
  #counts(where: string, from: Node, to: Node): Float64Array {
    this.#find(`${where}: to`, to);
    return this.#forwardWith(this.#find(`${where}: from`, from), () => 1);
  }

  /** Forward mode. `slope`: the derivative of a node with respect to its operand k. */
  #forwardWith(from: Node, slope: (node: Node, k: number) => number): Float64Array {
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

/** The end of the message for a node in place of a name. */
const wayFromNode = (name: unknown, operation: Node['operation']) =>
  operation === 'add' && 'operands' in Object(name) ? ': sum([u, v, w]) adds more than two nodes' : '';

/** Computes a node's value and slopes from its operands. */
function compute(node: Node): void {
  const { operation, operands } = node;
  if (operation === 'input' || operation === 'constant') return;
  const rule: Rule = RULES[operation];
  const value = rule.value(operands);
  set(node, value, Object.freeze(operands.map((_, k) => rule.slope(operands, k, value))));
}

/** Changes a node, whose properties nobody else can write. */
function set(node: Node, value: number, slopes: readonly number[]): void {
  Object.defineProperty(node, 'value', { value });
  Object.defineProperty(node, 'slopes', { value: slopes });
}

/**
 * All paths, found depth first from `to` back. It follows only operands that `from` leads to, so that every step lies
 * on a path.
 */
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
