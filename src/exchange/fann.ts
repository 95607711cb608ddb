import { counted, outOfRange, quote } from '../check/errors.js';
import { dense, layersOf } from './chain.js';
import { type Columns, Composer, columnsOf, scaled } from './columns.js';
import type { Exchanged } from './exchanged.js';
import { ACTIVATION_FUNCTIONS, clip, leakyRelu, type Scalar, sigmoid } from './functions.js';
import { textOf } from './json.js';

// Files of fann_save of FANN: lines `key=value`, a list of all neurons, and a list of all connections in the order of
// the neurons that they lead to. The last neuron of each layer is the bias, which has no connections.

const WHERE = 'readFann';

/**
 * fann_activationfunc_enum, of the weighted sum times the steepness; `slope`: of the sum times this number, too.
 * undefined: linear.
 */
const FUNCTIONS: readonly (readonly [name: string, f: Scalar | undefined, slope?: number])[] = [
  ['LINEAR', undefined],
  ['THRESHOLD', (x) => Number(x >= 0)],
  ['THRESHOLD_SYMMETRIC', (x) => (x < 0 ? -1 : 1)],
  ['SIGMOID', sigmoid, 2],
  ['SIGMOID_STEPWISE', (x) => stepwise(x / 2), 2],
  ['SIGMOID_SYMMETRIC', Math.tanh],
  ['SIGMOID_SYMMETRIC_STEPWISE', (x) => 2 * stepwise(x) - 1],
  ['GAUSSIAN', (x) => Math.exp(-x * x)],
  ['GAUSSIAN_SYMMETRIC', (x) => 2 * Math.exp(-x * x) - 1],
  ['GAUSSIAN_STEPWISE', (x) => Math.exp(-x * x)],
  ['ELLIOT', (x) => x / 2 / (1 + Math.abs(x)) + 0.5],
  ['ELLIOT_SYMMETRIC', ACTIVATION_FUNCTIONS.softsign],
  ['LINEAR_PIECE', (x) => clip(x, 0, 1)],
  ['LINEAR_PIECE_SYMMETRIC', (x) => clip(x, -1, 1)],
  ['SIN_SYMMETRIC', Math.sin],
  ['COS_SYMMETRIC', Math.cos],
  ['SIN', (x) => Math.sin(x) / 2 + 0.5],
  ['COS', (x) => Math.cos(x) / 2 + 0.5],
  ['LINEAR_PIECE_RECT', (x) => Math.max(0, x)],
  ['LINEAR_PIECE_RECT_LEAKY', leakyRelu(0.01)],
];

/** Lines between the points at which the sigmoid is 0.005, 0.05, 0.25, 0.75, 0.95 and 0.995. */
function stepwise(x: number): number {
  const points = [
    [-2.646652460098, 0.005],
    [-1.472219467163, 0.05],
    [-0.549306154251, 0.25],
    [0.549306154251, 0.75],
    [1.472219347954, 0.95],
    [2.646652936935, 0.995],
  ] as const;
  if (x < points[0][0]) return 0;
  for (let i = 1; i < points.length; i++) {
    const [[x0, y0], [x1, y1]] = [points[i - 1], points[i]];
    if (x < x1) return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
  }
  return 1;
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
  const isScaled = setting('scale_included') === '1';
  const left = 'the scales of the file stay behind: fann_run does not apply them either';
  return { ...layers, notes: isScaled ? [...notes, left] : notes };
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
    const known = FUNCTIONS[activation];
    if (!known) throw outOfRange(`${WHERE}: layer ${l}, neuron ${j}`, `activation function ${activation}`, '0 to 19');
    const [name, f, slope = 1] = known;
    const one = scaled({ ...z, columns: [z.columns[j]] }, () => slope * steepness);
    return (f ? composer.compose(WHERE, name, f, [one]) : one).columns[0];
  });
  return { ...z, columns: each };
}
