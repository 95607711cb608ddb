import {
  activations,
  deltas,
  forward,
  gradients,
  isPrelu,
  type ReferenceActivation,
  type ReferenceCost,
  type ReferenceFunction,
  type ReferenceLayer,
  type ReferenceNetwork,
  slopeDeltas,
  slopesOf,
  type UpdateSettings,
} from '../src/inspection/reference.js';

// How far a computation in f32 may be from the reference in f64: a first-order error analysis that follows the
// algorithm step by step, in the terms of the textbook (Higham, Accuracy and Stability of Numerical Algorithms, ch. 3).
// A sum of n products is off by at most n + 1 roundings of the sum of their absolute values, in addition to the errors
// of its operands.

const EPSILON = 2 ** -24;
/** The roundings of an activation: exp, tanh and divisions have errors below 2 ulp each (math.test.ts). */
const ACTIVATION_ROUNDINGS = 8;
/**
 * SECOND_ORDER allows for products of errors, which the analysis leaves out. SMALLEST: the least result of exp,
 * e^-87.3.
 */
const SECOND_ORDER = 1.05;
const SMALLEST = 1.3e-38;

/**
 * The largest slope |sigma'| of an activation, and the largest change of its slope with z, |sigma''|, if they exceed 1:
 * gelu has 1.1290 at sqrt 2, and its approximation 1.1291; silu 1.0998 at 2.3994; mish 1.0888 at 1.49; hardSwish 1.5
 * just below 3; selu lambda alpha for both, at 0 from below; softsign has a change of 2 at 0.
 */
const STEEPEST: Partial<Record<ReferenceActivation, number>> = {
  gelu: 1.13,
  geluTanh: 1.13,
  silu: 1.1,
  mish: 1.09,
  hardSwish: 1.5,
  selu: 1.7581,
};
const BEND: Partial<Record<ReferenceActivation, number>> = { selu: 1.7581, softsign: 2 };

/** The places where the slope jumps. */
const KINKS: Partial<Record<ReferenceActivation, readonly number[]>> = {
  relu: [0],
  leakyRelu: [0],
  prelu: [0],
  relu6: [0, 6],
  selu: [0],
  hardSigmoid: [-3, 3],
  hardSwish: [-3, 3],
};

/** The activations that work on a unit alone: all but softmax. */
export const ELEMENTWISE = (Object.keys(activations) as Exclude<ReferenceActivation, 'softmax'>[]).filter(
  (name) => (name as string) !== 'softmax',
);

function nameOf({ activation }: ReferenceLayer, j: number): ReferenceActivation {
  const one = (Array.isArray(activation) ? activation[j] : activation) as ReferenceFunction;
  return typeof one === 'string' ? one : one.name;
}

/** The distance of a unit's z from the nearest kink of its function; Infinity if there is none. */
export function kinkDistance(layer: ReferenceLayer, j: number, z: number): number {
  return Math.min(...(KINKS[nameOf(layer, j)] ?? []).map((kink) => Math.abs(z - kink)), Number.POSITIVE_INFINITY);
}

/** Largest error of each parameter of a layer. */
export interface ParameterErrors {
  weights: Float64Array;
  biases: Float64Array;
  /** Of the slopes of prelu. */
  slopes: Float64Array;
}

export interface LayerErrors {
  z: Float64Array;
  a: Float64Array;
  delta: Float64Array;
  dW: Float64Array;
  db: Float64Array;
  dSlopes: Float64Array;
}

/** Parameters that f32 holds exactly. */
export function noErrors(network: ReferenceNetwork): ParameterErrors[] {
  return network.layers.map(({ weights, biases, units }) => ({
    weights: new Float64Array(weights.length),
    biases: new Float64Array(biases.length),
    slopes: new Float64Array(units),
  }));
}

/** Costs whose dC/da is multiplied by the slope of the output activation. All others give delta^L itself. */
const UNFUSED: readonly ReferenceCost[] = ['quadratic', 'meanAbsoluteError', 'huber', 'hinge'];

/** dC/da or delta^L of the cost at one output, and an error bound for it. Valid only away from kinks. */
function costSlope(
  { cost, huberDelta = 1 }: ReferenceNetwork,
  y: number,
  z: number,
  a: number,
  zBound: number,
  aBound: number,
) {
  const d = Math.abs(a - y);
  if (cost === 'meanAbsoluteError') return { size: 1, bound: 0 };
  if (cost === 'hinge') return { size: Math.abs(y), bound: 0 };
  if (cost === 'huber') return { size: Math.min(d, huberDelta), bound: aBound + EPSILON * d };
  if (cost !== 'poisson') return { size: d, bound: aBound + EPSILON * d };
  // delta = s - y r with s = sigmoid(z), r = s / a: s' = s (1 - s), r' = r (1 - s) - r^2
  const s = 1 / (1 + Math.exp(-z));
  const r = s / a;
  const bend = s * (1 - s) + y * Math.abs(r * (1 - s) - r * r);
  return { size: Math.abs(s - y * r), bound: bend * zBound + 2 * ACTIVATION_ROUNDINGS * EPSILON * (s + y * r) };
}

/** Error bounds of one forward and backward pass with parameters that are off by `errors`. */
export function passErrors(
  network: ReferenceNetwork,
  errors: ParameterErrors[],
  x: Float64Array,
  y: Float64Array,
  rowWeights?: Float64Array,
): LayerErrors[] {
  const values = forward(network, x);
  const delta = deltas(network, values, y, rowWeights);
  const rows = x.length / network.inputs;
  const { layers } = network;
  const bounds = layers.map(({ units, weights }) => ({
    z: new Float64Array(rows * units),
    a: new Float64Array(rows * units),
    delta: new Float64Array(rows * units),
    dW: new Float64Array(weights.length),
    db: new Float64Array(units),
    dSlopes: new Float64Array(units),
  }));

  for (let l = 0; l < layers.length; l++) {
    const { units, weights, biases } = layers[l];
    const fanIn = weights.length / units;
    const input = l ? values[l - 1].a : x;
    for (let r = 0; r < rows; r++) {
      for (let j = 0; j < units; j++) {
        let size = Math.abs(biases[j]);
        let carried = errors[l].biases[j];
        for (let k = 0; k < fanIn; k++) {
          const w = Math.abs(weights[j * fanIn + k]);
          const a = Math.abs(input[r * fanIn + k]);
          size += w * a;
          carried += errors[l].weights[j * fanIn + k] * a + (l ? w * bounds[l - 1].a[r * fanIn + k] : 0);
        }
        bounds[l].z[r * units + j] = (fanIn + 1) * EPSILON * size + carried;
      }
      // an activation changes by at most its steepest slope times the change of z; with softmax, by at most the largest
      // change of a z in the row
      const zBound = bounds[l].z.subarray(r * units, (r + 1) * units);
      const worst = layers[l].activation === 'softmax' ? Math.max(...zBound) : 0;
      for (let j = 0; j < units; j++) {
        const a = Math.abs(values[l].a[r * units + j]);
        const carried = (STEEPEST[nameOf(layers[l], j)] ?? 1) * Math.max(worst, zBound[j]);
        const slopeError = errors[l].slopes[j] * Math.abs(values[l].z[r * units + j]);
        bounds[l].a[r * units + j] = carried + slopeError + ACTIVATION_ROUNDINGS * EPSILON * a + SMALLEST;
      }
    }
  }

  for (let l = layers.length - 1; l >= 0; l--) {
    const { units } = layers[l];
    for (let r = 0; r < rows; r++) {
      const at = (j: number) => r * units + j;
      // dC/da and its bound, then times sigma'
      const g = new Float64Array(units);
      const gBound = new Float64Array(units);
      for (let j = 0; j < units; j++) {
        if (l === layers.length - 1) {
          const { a, z } = values[l];
          const { a: aBound, z: zBound } = bounds[l];
          const slope = costSlope(network, y[at(j)], z[at(j)], a[at(j)], zBound[at(j)], aBound[at(j)]);
          const weight = rowWeights ? rowWeights[r] : 1;
          g[j] = weight * slope.size;
          gBound[j] = weight * (slope.bound + EPSILON * slope.size);
          continue;
        }
        const next = layers[l + 1];
        let size = 0;
        let carried = 0;
        for (let i = 0; i < next.units; i++) {
          const w = Math.abs(next.weights[i * units + j]);
          const d = Math.abs(delta[l + 1][r * next.units + i]);
          size += w * d;
          carried += errors[l + 1].weights[i * units + j] * d + w * bounds[l + 1].delta[r * next.units + i];
        }
        g[j] = size;
        gBound[j] = next.units * EPSILON * size + carried;
      }
      const isFused = l === layers.length - 1 && !UNFUSED.includes(network.cost);
      const isSoftmax = layers[l].activation === 'softmax';
      // softmax mixes the outputs: its bounds are those of the worst output, twice, for the two terms of its Jacobian
      const worstG = isSoftmax ? 2 * Math.max(...g) : 0;
      const worstBound = isSoftmax ? 2 * Math.max(...gBound) : 0;
      const worstA = isSoftmax ? 2 * units * Math.max(...bounds[l].a.subarray(at(0), at(units))) : 0;
      for (let j = 0; j < units; j++) {
        const name = nameOf(layers[l], j);
        const steepest = STEEPEST[name] ?? 1;
        const changed = bounds[l].a[at(j)] + (BEND[name] ?? 1) * bounds[l].z[at(j)];
        const slopeBound = Math.max(changed, worstA) + ACTIVATION_ROUNDINGS * EPSILON * steepest + errors[l].slopes[j];
        if (isPrelu(layers[l], j)) {
          // dC/da min(z, 0), added up over the rows
          const [size, below] = [g[j], Math.abs(Math.min(values[l].z[at(j)], 0))];
          const own = (rows + 3) * EPSILON * size * below + gBound[j] * below + size * bounds[l].z[at(j)];
          bounds[l].dSlopes[j] += own / rows;
        }
        bounds[l].delta[at(j)] = isFused
          ? gBound[j]
          : steepest * Math.max(gBound[j], worstBound) + Math.max(g[j], worstG) * slopeBound;
      }
    }
    const input = l ? values[l - 1].a : x;
    const fanIn = layers[l].weights.length / units;
    for (let r = 0; r < rows; r++) {
      for (let j = 0; j < units; j++) {
        const d = Math.abs(delta[l][r * units + j]);
        const dBound = bounds[l].delta[r * units + j];
        bounds[l].db[j] += ((rows + 2) * EPSILON * d + dBound) / rows;
        for (let k = 0; k < fanIn; k++) {
          const a = Math.abs(input[r * fanIn + k]);
          const aBound = l ? bounds[l - 1].a[r * fanIn + k] : 0;
          bounds[l].dW[j * fanIn + k] += ((rows + 2) * EPSILON * d * a + dBound * a + d * aBound) / rows;
        }
      }
    }
  }
  for (const layer of bounds) {
    for (const values of Object.values(layer)) for (let i = 0; i < values.length; i++) values[i] *= SECOND_ORDER;
  }
  return bounds;
}

/** Error bounds of the parameters after one step, from those before it. */
export function stepErrors(
  network: ReferenceNetwork,
  errors: ParameterErrors[],
  x: Float64Array,
  y: Float64Array,
  { learningRate, l2, trainingSamples }: UpdateSettings,
  rowWeights?: Float64Array,
): ParameterErrors[] {
  const values = forward(network, x);
  const delta = deltas(network, values, y, rowWeights);
  const gradient = gradients(network, x, values, delta, slopeDeltas(network, values, y, delta, rowWeights));
  const bounds = passErrors(network, errors, x, y, rowWeights);
  const keep = Math.abs(1 - (learningRate * l2) / trainingSamples);
  const after = (p: Float64Array, error: Float64Array, g: Float64Array, gBound: Float64Array, factor: number) =>
    p.map((value, i) => {
      const step = learningRate * Math.abs(g[i]);
      return SECOND_ORDER * (factor * error[i] + learningRate * gBound[i] + 3 * EPSILON * (Math.abs(value) + step));
    });
  return network.layers.map(({ weights, biases }, l) => ({
    weights: after(weights, errors[l].weights, gradient[l].dW, bounds[l].dW, keep),
    biases: after(biases, errors[l].biases, gradient[l].db, bounds[l].db, 1),
    slopes: after(slopesOf(network.layers[l]), errors[l].slopes, gradient[l].dSlopes, bounds[l].dSlopes, 1),
  }));
}

/** Throws if `got` is further from `wanted` than its bound, with the worst index and both values. */
export function expectWithin(
  name: string,
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
  bound: ArrayLike<number>,
): void {
  if (got.length !== wanted.length || got.length !== bound.length) {
    throw new Error(`${name}: got ${got.length} numbers, want ${wanted.length}`);
  }
  let worst = -1;
  let excess = 1;
  for (let i = 0; i < got.length; i++) {
    const ratio = Math.abs(got[i] - wanted[i]) / bound[i];
    // NaN is never within a bound
    if (!(ratio <= excess) && got[i] !== wanted[i]) {
      worst = i;
      excess = ratio;
      if (Number.isNaN(ratio)) break;
    }
  }
  if (worst >= 0) {
    throw new Error(
      `${name}[${worst}]: got ${got[worst]}, want ${wanted[worst]} within ${bound[worst]} (${excess.toFixed(2)} times that)`,
    );
  }
}

/** Distance from a float to the next larger one in size. */
export function ulp(value: number): number {
  return 2 ** (Math.max(Math.floor(Math.log2(Math.abs(value))), -126) - 23);
}
