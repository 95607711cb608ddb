import { counted, outOfRange, quote } from '../check/errors.js';
import { dense, layersOf } from './chain.js';
import { type Columns, Composer, columnsOf, scaled } from './columns.js';
import type { Exchanged } from './exchanged.js';
import { ACTIVATION_FUNCTIONS, clip, leakyRelu, type Scalar, sigmoid } from './functions.js';
import { textOf } from './json.js';

// Files of fann_save of FANN: lines `key=value`, a list of all neurons, and a list of all connections in the order of
// the neurons that they lead to. The last neuron of each layer is the bias, which has no connections.

const WHERE = 'readFann';

/** A function of FANN, of the weighted sum times the steepness. */
interface FannFunction {
  /** Without FANN_, as fann_activationfunc_enum has it. */
  readonly name: string;
  /** undefined: none of this library computes it. */
  readonly f?: Scalar;
  /** The sum is multiplied by this number too. */
  readonly slope?: number;
  /** A function that is near, and how far away it is at most. */
  readonly near?: readonly [name: string, error: number];
}

const linear: Scalar = ACTIVATION_FUNCTIONS.linear;

/** In the order of fann_activationfunc_enum. */
const FUNCTIONS: readonly FannFunction[] = [
  { name: 'LINEAR', f: linear },
  { name: 'THRESHOLD' },
  { name: 'THRESHOLD_SYMMETRIC' },
  { name: 'SIGMOID', f: sigmoid, slope: 2 },
  { name: 'SIGMOID_STEPWISE', near: ['SIGMOID', 0.034] },
  { name: 'SIGMOID_SYMMETRIC', f: Math.tanh },
  { name: 'SIGMOID_SYMMETRIC_STEPWISE', near: ['SIGMOID_SYMMETRIC', 0.067] },
  { name: 'GAUSSIAN' },
  { name: 'GAUSSIAN_SYMMETRIC' },
  { name: 'GAUSSIAN_STEPWISE' },
  { name: 'ELLIOT', f: (x) => x / 2 / (1 + Math.abs(x)) + 0.5 },
  { name: 'ELLIOT_SYMMETRIC', f: ACTIVATION_FUNCTIONS.softsign },
  { name: 'LINEAR_PIECE', f: (x) => clip(x, 0, 1) },
  { name: 'LINEAR_PIECE_SYMMETRIC', f: (x) => clip(x, -1, 1) },
  { name: 'SIN_SYMMETRIC' },
  { name: 'COS_SYMMETRIC' },
  { name: 'SIN' },
  { name: 'COS' },
  { name: 'LINEAR_PIECE_RECT', f: (x) => Math.max(0, x) },
  { name: 'LINEAR_PIECE_RECT_LEAKY', f: leakyRelu(0.01) },
];

/** The function of a neuron. Throws a RangeError if this library has none that computes it. */
function functionAt(where: string, code: number): FannFunction & { readonly f: Scalar } {
  const known = FUNCTIONS[code];
  if (!known)
    throw outOfRange(where, `the activation function ${code}`, `0 to ${FUNCTIONS.length - 1}, as of FANN 2.3`);
  const { name, f, near } = known;
  if (f) return { ...known, f };
  const supported = FUNCTIONS.filter((other) => other.f).map((other) => other.name);
  const hint = near ? ` (FANN_${near[0]} is at most ${near[1]} away)` : '';
  const way = 'call fann_set_activation_function, train on, and save the network again';
  throw outOfRange(where, `FANN_${name}`, `${supported.join(', ')}${hint}: ${way}`);
}

interface Neuron {
  readonly inputs: number;
  readonly activation: number;
  readonly steepness: number;
}

export function readFannFile(file: Uint8Array): Exchanged {
  const text = textOf(WHERE, file);
  const version = /^FANN_(F[LI][OX])_2\.[01]\s/.exec(text);
  if (!version) throw outOfRange(WHERE, `a file that begins with ${quote(text.slice(0, 20))}`, '"FANN_FLO_2.1"');
  if (version[1] === 'FIX') {
    throw outOfRange(WHERE, 'a file of fixed-point numbers', 'one of fann_save: fann_save_to_fixed rounds');
  }
  const setting = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1].trim();
  if ((setting('network_type') ?? '0') !== '0') {
    throw outOfRange(WHERE, 'a network with shortcuts', 'connections from each layer to the next alone');
  }
  const sizes = numbersIn(setting('layer_sizes') ?? '');
  if (sizes.length < 2 || sizes.some((size) => !Number.isInteger(size) || size < 2 || size > 65_537)) {
    throw outOfRange(`${WHERE}: layer_sizes`, `[${sizes}]`, '2 or more layers, each with a bias');
  }
  const neurons = tuplesOf(text, 'neurons').map(
    ([inputs, activation, steepness]): Neuron => ({ inputs, activation, steepness }),
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (neurons.length !== total) throw outOfRange(`${WHERE}: neurons`, `${neurons.length}`, `${total}`);
  const connections = tuplesOf(text, 'connections') as [number, number][];
  const composer = new Composer();
  const inputs = sizes[0] - 1;
  let columns = columnsOf({ units: inputs, name: 'the inputs', hasBias: false });
  const mostParameters = 4 * file.length + 1024;
  const wanted = `at most ${mostParameters}, about as many as the file has`;
  let [first, next] = [0, 0];
  for (let l = 1; l < sizes.length; l++) {
    const start = first + sizes[l - 1];
    const own = neurons.slice(start, start + sizes[l] - 1);
    // a file need not have all connections
    if (own.length * (sizes[l - 1] - 1) > mostParameters) {
      throw outOfRange(
        `${WHERE}: layer ${l}`,
        `room for ${own.length} times ${counted(sizes[l - 1] - 1, 'weight')}`,
        wanted,
      );
    }
    const count = own.reduce((sum, neuron) => sum + neuron.inputs, 0);
    columns = layerOf(l, columns, own, first, connections.slice(next, next + count), composer);
    next += count;
    first = start;
  }
  if (next !== connections.length) throw outOfRange(`${WHERE}: connections`, `${connections.length}`, `${next}`);
  const { notes, ...layers } = layersOf(columns, { where: WHERE, mostParameters });
  if (setting('scale_included') === '1') {
    notes.push('the scales of the file stay behind: fann_run does not apply them either');
  }
  if (setting('training_algorithm') !== undefined) {
    notes.push('the options of training stay behind: training_algorithm, learning_rate and others');
  }
  // FANN knows no other cost
  return { ...layers, training: { cost: 'quadratic' }, notes };
}

const numbersIn = (text: string) => text.split(/[\s,]+/).filter(Boolean).map(Number); // biome-ignore format: one line

/** The numbers of a line `name (...)=(1, 2) (3, 4) ...`. */
function tuplesOf(text: string, name: string): number[][] {
  const line = new RegExp(`^${name} \\(.*?\\)=(.*)$`, 'm').exec(text)?.[1];
  if (line === undefined) throw outOfRange(WHERE, `no line "${name} ..."`, 'one');
  const wanted = name === 'neurons' ? 3 : 2;
  return Array.from(line.matchAll(/\(([^()]*)\)/g), ([, inner], i) => {
    const numbers = numbersIn(inner);
    if (numbers.length === wanted && numbers.every(Number.isFinite)) return numbers;
    throw outOfRange(`${WHERE}: ${name}[${i}]`, quote(inner), `${wanted} numbers`);
  });
}

function layerOf(
  l: number,
  columns: Columns,
  neurons: readonly Neuron[],
  first: number,
  connections: readonly [number, number][],
  composer: Composer,
): Columns {
  const fanIn = columns.columns.length;
  const weights = new Float64Array(neurons.length * fanIn);
  const biases = new Float64Array(neurons.length);
  let next = 0;
  for (const [j, { inputs }] of neurons.entries()) {
    for (let i = 0; i < inputs; i++, next++) {
      const where = `${WHERE}: layer ${l}, neuron ${j}`;
      if (next >= connections.length) throw outOfRange(where, `${i} connections`, `${inputs}`);
      const [from, weight] = connections[next];
      const k = from - first;
      if (k === fanIn) biases[j] += weight;
      else if (Number.isInteger(k) && k >= 0 && k < fanIn) weights[j * fanIn + k] += weight;
      else
        throw outOfRange(
          where,
          `a connection from neuron ${from}`,
          `one of the layer before, ${first} to ${first + fanIn}`,
        );
    }
  }
  const z = dense(`layer ${l}`, columns, neurons.length, () => weights, biases);
  const each = neurons.map(({ activation, steepness }, j) => {
    const { name, f, slope = 1 } = functionAt(`${WHERE}: layer ${l}, neuron ${j}`, activation);
    const one = scaled({ ...z, columns: [z.columns[j]] }, () => slope * steepness);
    return (f === linear ? one : composer.compose(WHERE, name, f, [one])).columns[0];
  });
  return { ...z, columns: each };
}
