/**
 * The whole algorithm in plain double-precision loops, written to be read from top to bottom. The tests and
 * `checkGradients` compare every other implementation with it. Nothing here is fast, nothing is changed in place, and
 * nothing is shared with the core.
 *
 * A function with kinks is made of pieces. `pieceAt` is the number that selects the piece; by default it is the
 * argument of the function. Central differences pass the point they are taken around, so that both of their ends lie on
 * one piece, however near the kink is.
 *
 * Matrices are flat and row-major. A batch is [rows x units], with a sample in each row. Weights are [units x fanIn]:
 * w^l_jk, which leads from unit k of layer l-1 to unit j of layer l, is weights[j * fanIn + k]. `layers` does not
 * contain the input layer: layers[0] is layer 2 of the books.
 */

/** sigma: the function from the weighted inputs z of a layer to its activations a. */
export interface Activation {
  /** a = sigma(z) for one sample. z, piecesAt [units] -> [units] */
  value(z: Float64Array, piecesAt?: Float64Array): Float64Array;
  /** dC/dz = (da/dz)^T dC/da for one sample. z, dC/da, piecesAt [units] -> [units] */
  backward(z: Float64Array, dCda: Float64Array, piecesAt?: Float64Array): Float64Array;
}

/**
 * An activation whose a_j depends on z_j alone: (da/dz)^T is diagonal, and a product with it is the Hadamard product.
 */
const elementwise = (
  sigma: (z: number, pieceAt: number) => number,
  slope: (z: number, pieceAt: number) => number,
): Activation => ({
  value: (z, piecesAt = z) => z.map((zj, j) => sigma(zj, piecesAt[j])),
  backward: (z, dCda, piecesAt = z) => dCda.map((dCdaj, j) => dCdaj * slope(z[j], piecesAt[j])),
});

/** For very negative z, exp(-z) is infinite, and 1 / infinity is 0, as it should be. */
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

/**
 * Phi, the standard normal distribution. In the middle it is 1/2 + phi(z) (z + z^3/3 + z^5/(3 5) + ...). In the tail
 * below -t, where that series would cancel, it is phi(t) / (t + 1/(t + 2/(t + ...))).
 */
function normalCdf(z: number): number {
  if (z > 2.5) return 1 - normalCdf(-z);
  if (z < -2.5) {
    let fraction = -z;
    for (let k = 200; k > 0; k--) fraction = -z + k / fraction;
    return normalDensity(z) / fraction;
  }
  let sum = 0;
  for (let term = z, k = 1; k < 100; k++) {
    sum += term;
    term *= (z * z) / (2 * k + 1);
  }
  return 0.5 + normalDensity(z) * sum;
}

const normalDensity = (z: number) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

const SELU_LAMBDA = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

/** ln(1 + e^z), written so that no exp overflows. */
const softplus = (z: number) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

const tanhOfSoftplus = (z: number) => Math.tanh(softplus(z));

/** The argument of the tanh in gelu's approximation, and its slope. */
const GELU_SCALE = Math.sqrt(2 / Math.PI);
const geluArgument = (z: number) => GELU_SCALE * (z + 0.044715 * z ** 3);
const geluArgumentSlope = (z: number) => GELU_SCALE * (1 + 3 * 0.044715 * z ** 2);

/** z above 0, and z times a slope below. At exactly 0, the slope is the one from below. */
const leakyRelu = (slope: number) =>
  elementwise(
    (z, pieceAt) => (pieceAt > 0 ? z : slope * z),
    (_z, pieceAt) => (pieceAt > 0 ? 1 : slope),
  );

/** z above 0, and alpha (e^z - 1) below. At exactly 0, the slope is the one from below. */
const elu = (alpha: number) =>
  elementwise(
    (z, pieceAt) => (pieceAt > 0 ? z : alpha * Math.expm1(z)),
    (z, pieceAt) => (pieceAt > 0 ? 1 : alpha * Math.exp(z)),
  );

/** The slope that prelu has before it is trained. */
const FIRST_SLOPE = 0.25;

/**
 * z [units] -> [units], which sum to 1. Subtracting the largest z from every z does not change the result, and no exp
 * overflows.
 */
function softmax(z: Float64Array): Float64Array {
  const largest = z.reduce((m, zk) => Math.max(m, zk));
  const e = z.map((zk) => Math.exp(zk - largest));
  const sum = e.reduce((s, ek) => s + ek);
  return e.map((ek) => ek / sum);
}

/** ln(sum_k exp(z_k)). ln(softmax(z)_k) = z_k - logSumExp(z), even where softmax(z)_k is too small for a double. */
function logSumExp(z: Float64Array): number {
  const largest = z.reduce((m, zk) => Math.max(m, zk));
  return largest + Math.log(z.reduce((s, zk) => s + Math.exp(zk - largest), 0));
}

const activationTable = {
  linear: elementwise(
    (z) => z,
    () => 1,
  ),
  /** sigma' = sigma (1 - sigma). 1 - sigma(z) is computed as sigma(-z), which does not cancel where sigma is near 1. */
  sigmoid: elementwise(sigmoid, (z) => sigmoid(z) * sigmoid(-z)),
  tanh: elementwise(Math.tanh, (z) => 1 - Math.tanh(z) ** 2),
  /** At exactly 0 there is no slope; 0 is the usual choice. */
  relu: elementwise(
    (z, pieceAt) => (pieceAt > 0 ? z : 0),
    (_z, pieceAt) => (pieceAt > 0 ? 1 : 0),
  ),
  leakyRelu: leakyRelu(0.01),
  prelu: leakyRelu(FIRST_SLOPE),
  relu6: elementwise(
    (z, pieceAt) => (pieceAt > 6 ? 6 : pieceAt > 0 ? z : 0),
    (_z, pieceAt) => Number(pieceAt > 0 && pieceAt < 6),
  ),
  elu: elu(1),
  /**
   * With these constants, mean 0 and variance 1 of a layer's input are a fixed point (Klambauer et al., 2017). At
   * exactly 0, the slope is the one from below.
   */
  selu: elementwise(
    (z, pieceAt) => SELU_LAMBDA * (pieceAt > 0 ? z : SELU_ALPHA * Math.expm1(z)),
    (z, pieceAt) => SELU_LAMBDA * (pieceAt > 0 ? 1 : SELU_ALPHA * Math.exp(z)),
  ),
  gelu: elementwise(
    (z) => z * normalCdf(z),
    // for a huge z the density is 0, and so is its product with z
    (z) => normalCdf(z) + z * normalDensity(z),
  ),
  /** z (1 + tanh(u)) / 2, where (1 + tanh(u)) / 2 is sigmoid(2u), which does not cancel. */
  geluTanh: elementwise(
    (z) => z * sigmoid(2 * geluArgument(z)),
    (z) => {
      const s = sigmoid(2 * geluArgument(z));
      // for a huge z the product of s and 1 - s is 0, and so is the whole term
      const product = s * sigmoid(-2 * geluArgument(z));
      return s + (product && 2 * z * product * geluArgumentSlope(z));
    },
  ),
  silu: elementwise(
    (z) => z * sigmoid(z),
    (z) => sigmoid(z) * (1 + z * sigmoid(-z)),
  ),
  mish: elementwise(
    (z) => z * tanhOfSoftplus(z),
    (z) => tanhOfSoftplus(z) + z * (1 - tanhOfSoftplus(z) ** 2) * sigmoid(z),
  ),
  softplus: elementwise(softplus, sigmoid),
  softsign: elementwise(
    (z, pieceAt) => z / (1 + (pieceAt < 0 ? -z : z)),
    (z, pieceAt) => 1 / (1 + (pieceAt < 0 ? -z : z)) ** 2,
  ),
  /** z / 6 + 1/2, limited to [0, 1]. */
  hardSigmoid: elementwise(
    (z, pieceAt) => (Math.abs(pieceAt) < 3 ? (z + 3) / 6 : Number(pieceAt > 0)),
    (_z, pieceAt) => (Math.abs(pieceAt) < 3 ? 1 / 6 : 0),
  ),
  /** z hardSigmoid(z). At exactly -3 and 3, the slope is the one from outside. */
  hardSwish: elementwise(
    (z, pieceAt) => (Math.abs(pieceAt) < 3 ? (z * (z + 3)) / 6 : pieceAt > 0 ? z : 0),
    (z, pieceAt) => (Math.abs(pieceAt) < 3 ? z / 3 + 1 / 2 : Number(pieceAt > 0)),
  ),
  /**
   * Every a_k depends on every z_j: da_k/dz_j = a_k ([k = j] - a_j). Hence dC/dz_j = a_j (dC/da_j - sum_k a_k dC/da_k).
   */
  softmax: {
    value: softmax,
    backward(z, dCda) {
      const a = softmax(z);
      const mean = a.reduce((s, ak, k) => s + ak * dCda[k], 0);
      return a.map((aj, j) => aj * (dCda[j] - mean));
    },
  },
} satisfies Record<string, Activation>;

export type ReferenceActivation = keyof typeof activationTable;
export const activations: Record<ReferenceActivation, Activation> = activationTable;

/** A function by its name, or with another constant than that of its name. */
export type ReferenceFunction =
  | ReferenceActivation
  | { readonly name: 'leakyRelu'; readonly slope: number }
  | { readonly name: 'elu'; readonly alpha: number };

/** The function of one unit. `slope`: that of prelu. */
function unitFunction(activation: ReferenceFunction, slope = FIRST_SLOPE): Activation {
  if (activation === 'prelu') return leakyRelu(slope);
  if (typeof activation === 'string') return activations[activation];
  return activation.name === 'elu' ? elu(activation.alpha) : leakyRelu(activation.slope);
}

/** The function of a whole layer. If `activation` is a list, each unit has its own function. */
export function activationOf({ activation, slopes }: Pick<ReferenceLayer, 'activation' | 'slopes'>): Activation {
  const isOne = !Array.isArray(activation);
  if (isOne && activation !== 'prelu') return unitFunction(activation as ReferenceFunction);
  const unit = (j: number) => unitFunction(isOne ? 'prelu' : activation[j], slopes?.[j]);
  const one = (values: Float64Array, j: number) => values.subarray(j, j + 1);
  return {
    value: (z, piecesAt = z) => z.map((_, j) => unit(j).value(one(z, j), one(piecesAt, j))[0]),
    backward: (z, dCda, piecesAt = z) =>
      z.map((_, j) => unit(j).backward(one(z, j), one(dCda, j), one(piecesAt, j))[0]),
  };
}

/** C_x: the cost of one sample. y, z, a, piecesAt [outputs]. `piecesAt`: the a that select the pieces. */
export interface Cost {
  value(y: Float64Array, z: Float64Array, a: Float64Array, piecesAt?: Float64Array): number;
  /** BP1: delta^L = dC_x/dz^L, [outputs]. `output` takes dC_x/da back through the output layer's activation. */
  delta(
    y: Float64Array,
    z: Float64Array,
    a: Float64Array,
    output: (dCda: Float64Array) => Float64Array,
    piecesAt?: Float64Array,
  ): Float64Array;
  /** The activation of the output layer that `value` and `delta` require; undefined: they accept any. */
  output?: ReferenceActivation;
}

const difference = (a: Float64Array, y: Float64Array) => a.map((ak, k) => ak - y[k]);

/**
 * The derivative of -sum_k y_k ln softmax(z)_k with respect to z. It is a - y if the y_k sum to 1, which they do up to
 * rounding.
 */
function softmaxDelta(y: Float64Array, _z: Float64Array, a: Float64Array): Float64Array {
  const sum = y.reduce((s, yk) => s + yk, 0);
  return a.map((ak, k) => sum * ak - y[k]);
}

/** d limited to [-limit, limit], on the piece that `pieceAt` selects. */
const limited = (d: number, pieceAt: number, limit: number) =>
  Math.abs(pieceAt) <= limit ? d : Math.sign(pieceAt) * limit;

/**
 * sum_k 1/2 (y_k - a_k)^2 up to |y_k - a_k| = limit, and limit (|y_k - a_k| - limit / 2) beyond, where the slope no
 * longer grows.
 */
export function huber(limit: number): Cost {
  const term = (d: number, pieceAt: number) =>
    Math.abs(pieceAt) <= limit ? (d * d) / 2 : limit * (Math.sign(pieceAt) * d - limit / 2);
  return {
    value: (y, _z, a, piecesAt = a) => a.reduce((sum, ak, k) => sum + term(ak - y[k], piecesAt[k] - y[k]), 0),
    delta: (y, _z, a, output, piecesAt = a) => output(a.map((ak, k) => limited(ak - y[k], piecesAt[k] - y[k], limit))),
  };
}

const costTable = {
  /** 1/2 |y - a|^2, hence dC/da = a - y. */
  quadratic: {
    value: (y, _z, a) => difference(a, y).reduce((sum, d) => sum + (d * d) / 2, 0),
    delta: (y, _z, a, output) => output(difference(a, y)),
  },
  /**
   * -sum_k [y_k ln a_k + (1 - y_k) ln(1 - a_k)] with a = sigmoid(z). Here -ln a = ln(1 + e^-z) and -ln(1 - a) = z +
   * ln(1 + e^-z). A term is thus z - y z + ln(1 + e^-z), written so that no exp overflows. In delta, the slope of the
   * sigmoid cancels and leaves a - y.
   */
  binaryCrossEntropy: {
    value: (y, z) =>
      z.reduce((sum, zk, k) => sum + Math.max(zk, 0) - y[k] * zk + Math.log1p(Math.exp(-Math.abs(zk))), 0),
    delta: (y, _z, a) => difference(a, y),
    output: 'sigmoid',
  },
  /** -sum_k y_k ln a_k with a = softmax(z), whose Jacobian cancels in delta. */
  categoricalCrossEntropy: {
    value: (y, z) => y.reduce((sum, yk, k) => sum + yk * (logSumExp(z) - z[k]), 0),
    delta: softmaxDelta,
    output: 'softmax',
  },
  /** sum_k |y_k - a_k|. Where a_k = y_k there is no slope; 0 is the usual choice. */
  meanAbsoluteError: {
    value: (y, _z, a, piecesAt = a) => a.reduce((sum, ak, k) => sum + Math.sign(piecesAt[k] - y[k]) * (ak - y[k]), 0),
    delta: (y, _z, a, output, piecesAt = a) => output(difference(piecesAt, y).map(Math.sign)),
  },
  huber: huber(1),
  /** sum_k max(0, 1 - y_k a_k) for targets -1 and 1. Where y_k a_k = 1 there is no slope; 0 is the usual choice. */
  hinge: {
    value: (y, _z, a, piecesAt = a) => a.reduce((sum, ak, k) => sum + (y[k] * piecesAt[k] < 1 ? 1 - y[k] * ak : 0), 0),
    delta: (y, _z, a, output, piecesAt = a) => output(piecesAt.map((ak, k) => (y[k] * ak < 1 ? -y[k] : 0))),
  },
  /** sum_k y_k ln(y_k / a_k) with a = softmax(z) and 0 ln 0 = 0: the categorical cross-entropy plus a constant. */
  kullbackLeibler: {
    value: (y, z) => y.reduce((sum, yk, k) => sum + (yk && yk * (Math.log(yk) + logSumExp(z) - z[k])), 0),
    delta: softmaxDelta,
    output: 'softmax',
  },
  /**
   * sum_k (a_k - y_k ln a_k) with a = softplus(z), hence delta = (1 - y / a) sigmoid(z). Far below 0, where a is too
   * small for a double, ln a = z and sigmoid(z) / a = 1.
   */
  poisson: {
    value: (y, z) => z.reduce((sum, zk, k) => sum + softplus(zk) - y[k] * (zk < -40 ? zk : Math.log(softplus(zk))), 0),
    delta: (y, z) => z.map((zk, k) => sigmoid(zk) - y[k] * (zk < -40 ? 1 : sigmoid(zk) / softplus(zk))),
    output: 'softplus',
  },
} satisfies Record<string, Cost>;

export type ReferenceCost = keyof typeof costTable;
export const costs: Record<ReferenceCost, Cost> = costTable;

export function costOf({ cost, customCost, huberDelta }: ReferenceNetwork): Cost {
  if (customCost) return customCost;
  return cost === 'huber' && huberDelta ? huber(huberDelta) : costs[cost];
}

export interface ReferenceLayer {
  units: number;
  /** One function for the layer, or one for each unit. */
  activation: ReferenceFunction | readonly ReferenceFunction[];
  /** W [units x fanIn] */
  weights: Float64Array;
  /** b [units] */
  biases: Float64Array;
  /** false: `biases` are zeros and not parameters, so that they have no gradient. Default true. */
  hasBias?: boolean;
  /** [units]: the slopes of prelu, which are parameters. Default: those before training. */
  slopes?: Float64Array;
  /**
   * [rows x units]: the factors that activations are multiplied by on their way to the next layer, as drawn for
   * dropout.
   */
  mask?: Float64Array;
}

export interface ReferenceNetwork {
  inputs: number;
  layers: ReferenceLayer[];
  cost: ReferenceCost;
  /** A cost that replaces `cost`. */
  customCost?: Cost;
  /** delta of the Huber cost. Default 1. */
  huberDelta?: number;
}

/** The results of the forward pass for one layer. z, a [rows x units] */
export interface LayerValues {
  z: Float64Array;
  a: Float64Array;
}

/** The means over the batch of dC_x/dW, dC_x/db and dC_x/d(slopes), for one layer. */
export interface LayerGradients {
  /** [units x fanIn] */
  dW: Float64Array;
  /** [units] */
  db: Float64Array;
  /** [units]; 0 for units with another function than prelu */
  dSlopes: Float64Array;
}

export interface UpdateSettings {
  /** eta */
  learningRate: number;
  /** lambda */
  l2: number;
  /** n, the number of samples in the whole training set, not in the batch. */
  trainingSamples: number;
}

/** Row r of a matrix [... x width], as a view. */
const row = (matrix: Float64Array, r: number, width: number) => matrix.subarray(r * width, (r + 1) * width);

/** The input of the next layer: a, after dropout. */
export const masked = ({ mask }: ReferenceLayer, a: Float64Array) => (mask ? a.map((aj, i) => aj * mask[i]) : a);

/** a = sigma(z) for every row of a layer. z, piecesAt [rows x units] */
export function activate(layer: ReferenceLayer, z: Float64Array, piecesAt = z): Float64Array {
  const { units } = layer;
  const a = new Float64Array(z.length);
  const sigma = activationOf(layer);
  for (let r = 0; r < z.length / units; r++) a.set(sigma.value(row(z, r, units), row(piecesAt, r, units)), r * units);
  return a;
}

/**
 * Forward pass: a^1 = x, then z^l = W^l a^(l-1) + b^l and a^l = sigma_l(z^l), layer by layer. x [rows x inputs];
 * `piecesAt`: for each layer the values that select the pieces.
 */
export function forward(network: ReferenceNetwork, x: Float64Array, piecesAt?: readonly LayerValues[]): LayerValues[] {
  const rows = x.length / network.inputs;
  let previous = x;
  let fanIn = network.inputs;
  return network.layers.map((layer, l) => {
    const { units, weights, biases } = layer;
    const z = new Float64Array(rows * units);
    for (let r = 0; r < rows; r++) {
      for (let j = 0; j < units; j++) {
        let sum = biases[j];
        for (let k = 0; k < fanIn; k++) sum += weights[j * fanIn + k] * previous[r * fanIn + k];
        z[r * units + j] = sum;
      }
    }
    const a = activate(layer, z, piecesAt?.[l].z);
    previous = masked(layer, a);
    fanIn = units;
    return { z, a };
  });
}

/**
 * C: the mean over the batch of w_x C_x, without the L2 term. y [rows x outputs]; weights [rows], default 1 for each
 */
export function meanCost(
  network: ReferenceNetwork,
  values: LayerValues[],
  y: Float64Array,
  weights?: Float64Array,
  piecesAt: readonly LayerValues[] = values,
): number {
  const { z, a } = values.at(-1)!;
  const pieces = piecesAt.at(-1)!.a;
  const outputs = network.layers.at(-1)!.units;
  const rows = y.length / outputs;
  let sum = 0;
  for (let r = 0; r < rows; r++) {
    const [yx, zx, ax] = [row(y, r, outputs), row(z, r, outputs), row(a, r, outputs)];
    const cost = costOf(network).value(yx, zx, ax, row(pieces, r, outputs));
    sum += weights ? weights[r] * cost : cost;
  }
  return sum / rows;
}

/**
 * Backward pass: delta^l = d(w_x C_x)/dz^l of each sample, not divided by the number of rows. Returns [rows x units]
 * for each layer. At the output this is BP1; from there down to the first layer it is BP2:
 *  delta^l = ((W^(l+1))^T delta^(l+1)) (.) sigma'(z^l)
 */
export function deltas(
  network: ReferenceNetwork,
  values: LayerValues[],
  y: Float64Array,
  weights?: Float64Array,
  piecesAt: readonly LayerValues[] = values,
): Float64Array[] {
  const { layers } = network;
  const output = layers.at(-1)!;
  const rows = y.length / output.units;
  const delta = layers.map(({ units }) => new Float64Array(rows * units));
  for (let r = 0; r < rows; r++) {
    for (let l = layers.length - 1; l >= 0; l--) {
      const { units } = layers[l];
      const z = row(values[l].z, r, units);
      const back = (dCda: Float64Array) => activationOf(layers[l]).backward(z, dCda, row(piecesAt[l].z, r, units));
      if (layers[l] === output) {
        const [yx, ax, pieces] = [row(y, r, units), row(values[l].a, r, units), row(piecesAt[l].a, r, units)];
        const outputDelta = costOf(network).delta(yx, z, ax, back, pieces);
        delta[l].set(weights ? outputDelta.map((d) => weights[r] * d) : outputDelta, r * units);
        continue;
      }
      delta[l].set(back(backward(network, l, r, delta[l + 1])), r * units);
    }
  }
  return delta;
}

/** dC/da of sample r in layer l, from the delta of the layer above: (W^(l+1))^T delta^(l+1), after dropout. */
function backward({ layers }: ReferenceNetwork, l: number, r: number, deltaAbove: Float64Array): Float64Array {
  const { units, mask } = layers[l];
  const next = layers[l + 1];
  const dCda = new Float64Array(units);
  for (let k = 0; k < units; k++) {
    for (let j = 0; j < next.units; j++) dCda[k] += next.weights[j * units + k] * deltaAbove[r * next.units + j];
  }
  return mask ? dCda.map((d, k) => d * mask[r * units + k]) : dCda;
}

/** True for a unit whose slope below 0 is a parameter. */
export const isPrelu = ({ activation }: ReferenceLayer, j: number) =>
  (Array.isArray(activation) ? activation[j] : activation) === 'prelu';

/**
 * d(w_x C_x)/d(slope) of each sample, [rows x units] for each layer: as a = slope z below 0, it is dC/da z there, and 0
 * above. Units with another function than prelu have 0.
 */
export function slopeDeltas(
  network: ReferenceNetwork,
  values: LayerValues[],
  y: Float64Array,
  delta: Float64Array[],
  weights?: Float64Array,
  piecesAt: readonly LayerValues[] = values,
): Float64Array[] {
  return network.layers.map((layer, l) => {
    const { units } = layer;
    const terms = new Float64Array(delta[l].length);
    if (![layer.activation].flat().includes('prelu')) return terms;
    for (let r = 0; r < terms.length / units; r++) {
      const isOutput = l === network.layers.length - 1;
      let dCda = new Float64Array(units);
      if (isOutput) {
        const [yx, zx, ax] = [row(y, r, units), row(values[l].z, r, units), row(values[l].a, r, units)];
        const keep = (d: Float64Array) => {
          dCda = weights ? d.map((dj) => weights[r] * dj) : Float64Array.from(d);
          return d;
        };
        costOf(network).delta(yx, zx, ax, keep, row(piecesAt[l].a, r, units));
      } else dCda = Float64Array.from(backward(network, l, r, delta[l + 1]));
      for (let j = 0; j < units; j++) {
        const i = r * units + j;
        if (isPrelu(layer, j) && !(piecesAt[l].z[i] > 0)) terms[i] = dCda[j] * values[l].z[i];
      }
    }
    return terms;
  });
}

/**
 * BP3 and BP4, averaged: dC/db = mean of delta^l and dC/dW = mean of delta^l (a^(l-1))^T, both without the L2 term. x
 * [rows x inputs]. `slopeDelta`: what `slopeDeltas` returns, whose mean is the gradient of the slopes; needed only for
 * networks with prelu.
 */
export function gradients(
  network: ReferenceNetwork,
  x: Float64Array,
  values: LayerValues[],
  delta: Float64Array[],
  slopeDelta?: Float64Array[],
): LayerGradients[] {
  const rows = x.length / network.inputs;
  return network.layers.map(({ units, weights, hasBias = true }, l) => {
    const fanIn = weights.length / units;
    const previous = l === 0 ? x : masked(network.layers[l - 1], values[l - 1].a);
    const dW = new Float64Array(units * fanIn);
    const db = new Float64Array(units);
    const dSlopes = new Float64Array(units);
    for (let r = 0; r < rows; r++) {
      for (let j = 0; j < units; j++) {
        const deltaj = delta[l][r * units + j];
        if (slopeDelta) dSlopes[j] += slopeDelta[l][r * units + j] / rows;
        if (hasBias) db[j] += deltaj / rows;
        for (let k = 0; k < fanIn; k++) dW[j * fanIn + k] += (deltaj * previous[r * fanIn + k]) / rows;
      }
    }
    return { dW, db, dSlopes };
  });
}

/** The slopes of a layer: those given, or those before training. */
export const slopesOf = (layer: ReferenceLayer): Float64Array =>
  layer.slopes ?? Float64Array.from({ length: layer.units }, (_, j) => (isPrelu(layer, j) ? FIRST_SLOPE : 0));

/** One step of gradient descent. The L2 term shrinks the weights before the step, but not the biases and slopes. */
export function update(
  network: ReferenceNetwork,
  gradient: LayerGradients[],
  settings: UpdateSettings,
): ReferenceNetwork {
  const { learningRate, l2, trainingSamples } = settings;
  const keep = 1 - (learningRate * l2) / trainingSamples;
  const layers = network.layers.map((layer, l) => ({
    ...layer,
    weights: layer.weights.map((w, i) => keep * w - learningRate * gradient[l].dW[i]),
    biases: layer.biases.map((b, j) => b - learningRate * gradient[l].db[j]),
    slopes: slopesOf(layer).map((slope, j) => slope - learningRate * gradient[l].dSlopes[j]),
  }));
  return { ...network, layers };
}

/** One training step on one batch: forward, backward, update. x [rows x inputs], y [rows x outputs] */
export function step(
  network: ReferenceNetwork,
  x: Float64Array,
  y: Float64Array,
  settings: UpdateSettings,
  weights?: Float64Array,
): ReferenceNetwork {
  const values = forward(network, x);
  const delta = deltas(network, values, y, weights);
  const slopeDelta = slopeDeltas(network, values, y, delta, weights);
  return update(network, gradients(network, x, values, delta, slopeDelta), settings);
}

/**
 * The gradients without back-propagation: moves one parameter at a time by h both ways, and takes the difference of the
 * costs. With one row, `db` is also delta: adding h to b^l_j adds h to z^l_j, and changes nothing else.
 */
export function numericGradients(
  network: ReferenceNetwork,
  x: Float64Array,
  y: Float64Array,
  h: number,
  rowWeights?: Float64Array,
): LayerGradients[] {
  const slopes = (parameters: Float64Array, costOf: (moved: Float64Array) => number) =>
    parameters.map((p, i) => {
      const [above, below] = [p + h, p - h];
      // the distance after rounding, which may differ from 2 h
      return (costOf(parameters.with(i, above)) - costOf(parameters.with(i, below))) / (above - below);
    });
  const costWith = (layer: ReferenceLayer, l: number) => {
    const moved = { ...network, layers: network.layers.with(l, layer) };
    return meanCost(moved, forward(moved, x), y, rowWeights);
  };
  return network.layers.map((layer, l) => ({
    dW: slopes(layer.weights, (weights) => costWith({ ...layer, weights }, l)),
    db: layer.hasBias === false ? layer.biases : slopes(layer.biases, (biases) => costWith({ ...layer, biases }, l)),
    dSlopes: slopes(slopesOf(layer), (moved) => costWith({ ...layer, slopes: moved }, l)),
  }));
}
