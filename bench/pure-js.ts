import type { ActivationName, CostName } from 'simdprop';

// The rival of simdprop: the same training in plain JavaScript, as fast as we could make it. These ways of writing the
// first layer were measured on an Intel Xeon at 2.6 GHz with Node 20.20, in nanoseconds per sample. The inputs were
// real digits, of which one pixel in five is not zero.
//
//   forward, 784 x 30 (784 x 512)
//     weights as [units][fanIn], every input:                                            15,000  (285,000)
//     weights as [units][fanIn], zeros left out, four units at a time:                    3,700   (67,000)
//     weights as [fanIn][units], zeros left out, one input at a time (axpy):              7,700  (130,000)
//     eight units in registers, one pass over the inputs:                                 3,500   (63,000)
//     axpy of eight inputs at a time, used here:                                          3,000   (49,000)
//     Math.fround around each operation, so that the compiler may stay in float32:        5,800  (106,000)
//   update, 784 x 30 with batch 10 (784 x 512 with batch 128)
//     sample by sample, one input at a time:                                              7,900  (129,000)
//     sample by sample, six inputs at a time, used here for small batches:                4,000   (75,000)
//     input by input, eight units in registers, used here for larger batches:             4,900   (57,000)
//
// Lists of nonzero elements are also used for hidden activations and errors, so half of a relu layer is left out. After
// the constructor, only predict allocates memory: the copy that it returns.

export interface PlainLayerOptions {
  units: number;
  activation: ActivationName;
  /** [units × fanIn] row-major */
  weights: Float32Array;
  biases: Float32Array;
}

type Bytes = Uint8Array<ArrayBufferLike>;
type Floats = Float32Array<ArrayBufferLike>;

/** Rows of which only the nonzero elements are kept: those of row r lie at [start[r], start[r + 1]). */
class SparseRows {
  readonly start: Int32Array;
  readonly index: Int32Array;
  readonly value: Float32Array;

  constructor(rows: number, width: number) {
    this.start = new Int32Array(rows + 1);
    this.index = new Int32Array(rows * width);
    this.value = new Float32Array(rows * width);
  }
}

class PlainLayer {
  readonly fanIn: number;
  readonly units: number;
  readonly activation: ActivationName;
  /** [fanIn × units]: the weights of one input are contiguous */
  readonly weights: Float32Array;
  readonly biases: Float32Array;
  /** [rows × units] */
  readonly a: Float32Array;
  readonly delta: Float32Array;
  /** The nonzero elements of a^(l-1). */
  readonly input: SparseRows;
  /** The nonzero elements of delta, for computing the error of the previous layer. */
  readonly error: SparseRows;

  constructor(fanIn: number, options: PlainLayerOptions, rows: number) {
    const { units, activation, weights, biases } = options;
    this.fanIn = fanIn;
    this.units = units;
    this.activation = activation;
    this.weights = new Float32Array(fanIn * units);
    this.biases = Float32Array.from(biases);
    for (let j = 0; j < units; ++j) {
      for (let k = 0; k < fanIn; ++k) this.weights[k * units + j] = weights[j * fanIn + k];
    }
    this.a = new Float32Array(rows * units);
    this.delta = new Float32Array(rows * units);
    this.input = new SparseRows(rows, fanIn);
    this.error = new SparseRows(rows, units);
  }
}

/** The nonzero inputs of a batch listed by column, for the update: those of input k lie at [start[k], start[k + 1]). */
interface Columns {
  start: Int32Array;
  next: Int32Array;
  /** The index in delta at which the row of the input's sample begins. */
  offset: Int32Array;
  value: Float32Array;
}

/** Batches up to this size update sample by sample, larger ones input by input. */
const SMALL_BATCH = 16;

/** Networks up to this width train online without lists, which would cost them more than they save. */
const NARROW = 16;

export class PlainNetwork {
  readonly #layers: PlainLayer[];
  readonly #cost: CostName;
  readonly #rows: number;
  readonly #columns: Columns;
  readonly #narrow: boolean;

  /** `rows`: the size of the largest batch. */
  constructor(inputs: number, layers: readonly PlainLayerOptions[], cost: CostName, rows: number) {
    const output = layers[layers.length - 1].activation;
    const known = `${cost} of ${output}`;
    if (
      !['quadratic of sigmoid', 'binaryCrossEntropy of sigmoid', 'categoricalCrossEntropy of softmax'].includes(known)
    ) {
      throw new RangeError(
        `cost: got ${known} outputs, want the quadratic or binary cross-entropy of sigmoid, or the categorical of softmax`,
      );
    }
    for (const { activation } of layers.slice(0, -1)) {
      if (activation !== 'sigmoid' && activation !== 'relu') {
        throw new RangeError(`activation of a hidden layer: got ${activation}, want sigmoid or relu`);
      }
    }
    this.#cost = cost;
    this.#rows = rows;
    let fanIn = inputs;
    let widest = 0;
    this.#layers = layers.map((options) => {
      const layer = new PlainLayer(fanIn, options, rows);
      widest = Math.max(widest, fanIn);
      fanIn = options.units;
      return layer;
    });
    this.#narrow = Math.max(widest, fanIn) <= NARROW;
    this.#columns = {
      start: new Int32Array(widest + 1),
      next: new Int32Array(widest),
      offset: new Int32Array(rows * widest),
      value: new Float32Array(rows * widest),
    };
  }

  /**
   * Trains on all samples once, in the order given; `y` has a row for each. Returns the mean cost, with each sample's
   * cost taken before the step that uses it.
   */
  trainEpoch(x: Bytes | Floats, scale: number, y: Floats, batchSize: number, learningRate: number): number {
    const samples = x.length / this.#layers[0].fanIn;
    let sum = 0;
    if (batchSize === 1 && this.#narrow && x instanceof Float32Array) {
      for (let sample = 0; sample < samples; ++sample) sum += this.#trainOne(x, y, sample, learningRate);
      return sum / samples;
    }
    for (let first = 0; first < samples; first += batchSize) {
      const rows = Math.min(batchSize, samples - first);
      this.#forward(x, first, rows, scale);
      sum += this.#outputError(y, first, rows);
      this.#backward(rows);
      for (const layer of this.#layers) descend(layer, this.#columns, rows, learningRate / rows);
    }
    return sum / samples;
  }

  /** Outputs [rows × outputs]. */
  predict(x: Bytes | Floats, scale: number): Float32Array {
    const rows = x.length / this.#layers[0].fanIn;
    if (rows > this.#rows) throw new RangeError(`rows: got ${rows}, want at most ${this.#rows}`);
    this.#forward(x, 0, rows, scale);
    const last = this.#layers[this.#layers.length - 1];
    // a copy, which the caller may keep, because simdprop returns a copy too
    return last.a.slice(0, rows * last.units);
  }

  /** [units × fanIn] row-major */
  weights(layer: number): Float32Array {
    const { weights, fanIn, units } = this.#layers[layer];
    return Float32Array.from(weights, (_, i) => weights[(i % fanIn) * units + Math.floor(i / fanIn)]);
  }

  biases(layer: number): Float32Array {
    return this.#layers[layer].biases.slice();
  }

  setParameters(layer: number, weights: Float32Array, biases: Float32Array): void {
    const { weights: target, fanIn, units, biases: targetBiases } = this.#layers[layer];
    for (let i = 0; i < target.length; ++i) target[(i % fanIn) * units + Math.floor(i / fanIn)] = weights[i];
    targetBiases.set(biases);
  }

  #forward(x: Bytes | Floats, first: number, rows: number, scale: number): void {
    const layers = this.#layers;
    const { input, fanIn } = layers[0];
    if (x instanceof Uint8Array) listBytes(input, x, first * fanIn, rows, fanIn, scale);
    else listFloats(input, x, first * fanIn, rows, fanIn);
    for (let l = 0; l < layers.length; ++l) {
      const layer = layers[l];
      if (l > 0) listFloats(layer.input, layers[l - 1].a, 0, rows, layer.fanIn);
      weightedInputs(layer, rows);
      activate(layer.activation, layer.a, layer.units, rows);
    }
  }

  /** Computes delta^L and returns the cost, summed over the rows. */
  #outputError(y: Floats, first: number, rows: number): number {
    const { a, delta, units } = this.#layers[this.#layers.length - 1];
    if (this.#cost === 'quadratic') return quadratic(a, delta, y, first * units, rows * units);
    if (this.#cost === 'binaryCrossEntropy') return binaryCrossEntropy(a, delta, y, first * units, rows * units);
    return categoricalCrossEntropy(a, delta, y, first * units, rows * units);
  }

  #backward(rows: number): void {
    for (let l = this.#layers.length - 1; l > 0; --l) {
      const layer = this.#layers[l];
      listFloats(layer.error, layer.delta, 0, rows, layer.units);
      propagate(layer, this.#layers[l - 1], rows);
    }
  }

  /**
   * Trains a narrow network online on one sample: a pass forward, and a pass backward that updates the weights on its
   * way.
   */
  #trainOne(x: Floats, y: Floats, sample: number, learningRate: number): number {
    const layers = this.#layers;
    const depth = layers.length;
    let input = x;
    let at = sample * layers[0].fanIn;
    for (let l = 0; l < depth; ++l) {
      const { a, weights, biases, units, fanIn, activation } = layers[l];
      for (let j = 0; j < units; ++j) {
        let z = biases[j];
        for (let k = 0, w = j; k < fanIn; ++k, w += units) z += weights[w] * input[at + k];
        a[j] = z;
      }
      activate(activation, a, units, 1);
      input = a;
      at = 0;
    }
    const cost = this.#outputError(y, sample, 1);
    for (let l = depth - 1; l >= 0; --l) {
      const { weights, biases, delta, units, fanIn } = layers[l];
      const before = l > 0 ? layers[l - 1] : undefined;
      const a = before === undefined ? x : before.a;
      const from = before === undefined ? sample * fanIn : 0;
      for (let k = 0, w = 0; k < fanIn; ++k) {
        const ak = a[from + k];
        const step = learningRate * ak;
        let error = 0;
        for (let j = 0; j < units; ++j, ++w) {
          const wkj = weights[w];
          error += wkj * delta[j];
          weights[w] = wkj - step * delta[j];
        }
        if (before !== undefined)
          before.delta[k] = before.activation === 'sigmoid' ? error * ak * (1 - ak) : ak > 0 ? error : 0;
      }
      for (let j = 0; j < units; ++j) biases[j] -= learningRate * delta[j];
    }
    return cost;
  }
}

function listBytes(list: SparseRows, x: Bytes, at: number, rows: number, width: number, scale: number): void {
  const { start, index, value } = list;
  const fours = width - (width % 4);
  let count = 0;
  for (let r = 0; r < rows; ++r) {
    start[r] = count;
    let k = 0;
    for (; k < fours; k += 4, at += 4) {
      const x0 = x[at];
      const x1 = x[at + 1];
      const x2 = x[at + 2];
      const x3 = x[at + 3];
      if ((x0 | x1 | x2 | x3) === 0) continue;
      if (x0 !== 0) {
        index[count] = k;
        value[count++] = x0 * scale;
      }
      if (x1 !== 0) {
        index[count] = k + 1;
        value[count++] = x1 * scale;
      }
      if (x2 !== 0) {
        index[count] = k + 2;
        value[count++] = x2 * scale;
      }
      if (x3 !== 0) {
        index[count] = k + 3;
        value[count++] = x3 * scale;
      }
    }
    for (; k < width; ++k, ++at) {
      if (x[at] === 0) continue;
      index[count] = k;
      value[count++] = x[at] * scale;
    }
  }
  start[rows] = count;
}

function listFloats(list: SparseRows, x: Floats, at: number, rows: number, width: number): void {
  const { start, index, value } = list;
  let count = 0;
  for (let r = 0; r < rows; ++r) {
    start[r] = count;
    for (let k = 0; k < width; ++k, ++at) {
      const xk = x[at];
      if (xk === 0) continue;
      index[count] = k;
      value[count++] = xk;
    }
  }
  start[rows] = count;
}

/** Computes z = W a^(l-1) + b into `a`, from the listed inputs only. */
function weightedInputs(layer: PlainLayer, rows: number): void {
  const { weights, biases, a, units } = layer;
  const { start, index, value } = layer.input;
  for (let r = 0; r < rows; ++r) {
    const z = r * units;
    const end = start[r + 1];
    let i = start[r];
    for (let j = 0; j < units; ++j) a[z + j] = biases[j];
    for (; i + 7 < end; i += 8) {
      const w0 = index[i] * units;
      const w1 = index[i + 1] * units;
      const w2 = index[i + 2] * units;
      const w3 = index[i + 3] * units;
      const w4 = index[i + 4] * units;
      const w5 = index[i + 5] * units;
      const w6 = index[i + 6] * units;
      const w7 = index[i + 7] * units;
      const x0 = value[i];
      const x1 = value[i + 1];
      const x2 = value[i + 2];
      const x3 = value[i + 3];
      const x4 = value[i + 4];
      const x5 = value[i + 5];
      const x6 = value[i + 6];
      const x7 = value[i + 7];
      for (let j = 0; j < units; ++j) {
        a[z + j] +=
          weights[w0 + j] * x0 +
          weights[w1 + j] * x1 +
          (weights[w2 + j] * x2 + weights[w3 + j] * x3) +
          (weights[w4 + j] * x4 + weights[w5 + j] * x5 + (weights[w6 + j] * x6 + weights[w7 + j] * x7));
      }
    }
    if (i + 3 < end) {
      const w0 = index[i] * units;
      const w1 = index[i + 1] * units;
      const w2 = index[i + 2] * units;
      const w3 = index[i + 3] * units;
      const x0 = value[i];
      const x1 = value[i + 1];
      const x2 = value[i + 2];
      const x3 = value[i + 3];
      for (let j = 0; j < units; ++j) {
        a[z + j] += weights[w0 + j] * x0 + weights[w1 + j] * x1 + (weights[w2 + j] * x2 + weights[w3 + j] * x3);
      }
      i += 4;
    }
    for (; i < end; ++i) {
      const w = index[i] * units;
      const x = value[i];
      for (let j = 0; j < units; ++j) a[z + j] += weights[w + j] * x;
    }
  }
}

/** Replaces z by a, in place. */
function activate(activation: ActivationName, a: Float32Array, units: number, rows: number): void {
  const count = rows * units;
  if (activation === 'sigmoid') {
    for (let i = 0; i < count; ++i) a[i] = 1 / (1 + Math.exp(-a[i]));
  } else if (activation === 'relu') {
    for (let i = 0; i < count; ++i) if (!(a[i] > 0)) a[i] = 0;
  } else {
    for (let first = 0; first < count; first += units) {
      let largest = a[first];
      for (let j = 1; j < units; ++j) if (a[first + j] > largest) largest = a[first + j];
      let sum = 0;
      for (let j = 0; j < units; ++j) sum += a[first + j] = Math.exp(a[first + j] - largest);
      const scale = 1 / sum;
      for (let j = 0; j < units; ++j) a[first + j] *= scale;
    }
  }
}

function quadratic(a: Float32Array, delta: Float32Array, y: Floats, at: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; ++i) {
    const ai = a[i];
    const difference = ai - y[at + i];
    sum += difference * difference;
    delta[i] = difference * ai * (1 - ai);
  }
  return 0.5 * sum;
}

/** The smallest a whose logarithm is taken, because a in float32 may be exactly 0 or 1. */
const LEAST = 2 ** -126;

function binaryCrossEntropy(a: Float32Array, delta: Float32Array, y: Floats, at: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; ++i) {
    const ai = a[i];
    const yi = y[at + i];
    // most targets are 0 or 1, where one of the two terms is 0
    if (yi !== 0) sum -= yi * Math.log(Math.max(ai, LEAST));
    if (yi !== 1) sum -= (1 - yi) * Math.log(Math.max(1 - ai, LEAST));
    delta[i] = ai - yi;
  }
  return sum;
}

function categoricalCrossEntropy(a: Float32Array, delta: Float32Array, y: Floats, at: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; ++i) {
    const yi = y[at + i];
    if (yi !== 0) sum -= yi * Math.log(Math.max(a[i], LEAST));
    delta[i] = a[i] - yi;
  }
  return sum;
}

/**
 * Computes delta^(l-1) for the units of layer l-1 that are not zero. The others have slope zero: a relu, or a sigmoid
 * that has underflowed. Four units at a time share the loads of delta^l.
 */
function propagate(layer: PlainLayer, before: PlainLayer, rows: number): void {
  const { weights, units, fanIn, input, error } = layer;
  const { delta, activation } = before;
  const { start, index, value } = input;
  const { start: errorStart, index: errorIndex, value: errorValue } = error;
  const sigmoid = activation === 'sigmoid';
  delta.fill(0, 0, rows * fanIn);
  for (let r = 0; r < rows; ++r) {
    const d = r * fanIn;
    const first = errorStart[r];
    const last = errorStart[r + 1];
    const end = start[r + 1];
    let i = start[r];
    for (; i + 3 < end; i += 4) {
      const k0 = index[i];
      const k1 = index[i + 1];
      const k2 = index[i + 2];
      const k3 = index[i + 3];
      const w0 = k0 * units;
      const w1 = k1 * units;
      const w2 = k2 * units;
      const w3 = k3 * units;
      let sum0 = 0;
      let sum1 = 0;
      let sum2 = 0;
      let sum3 = 0;
      for (let e = first; e < last; ++e) {
        const j = errorIndex[e];
        const dj = errorValue[e];
        sum0 += weights[w0 + j] * dj;
        sum1 += weights[w1 + j] * dj;
        sum2 += weights[w2 + j] * dj;
        sum3 += weights[w3 + j] * dj;
      }
      if (sigmoid) {
        sum0 *= value[i] * (1 - value[i]);
        sum1 *= value[i + 1] * (1 - value[i + 1]);
        sum2 *= value[i + 2] * (1 - value[i + 2]);
        sum3 *= value[i + 3] * (1 - value[i + 3]);
      }
      delta[d + k0] = sum0;
      delta[d + k1] = sum1;
      delta[d + k2] = sum2;
      delta[d + k3] = sum3;
    }
    for (; i < end; ++i) {
      const w = index[i] * units;
      let sum = 0;
      for (let e = first; e < last; ++e) sum += weights[w + errorIndex[e]] * errorValue[e];
      delta[d + index[i]] = sigmoid ? sum * value[i] * (1 - value[i]) : sum;
    }
  }
}

/** Sorts the listed inputs by k, with a counting sort, and multiplies them by `factor`. */
function listColumns(columns: Columns, layer: PlainLayer, rows: number, factor: number): void {
  const { start, next, offset, value } = columns;
  const { fanIn, units, input } = layer;
  const count = input.start[rows];
  start.fill(0, 0, fanIn + 1);
  for (let i = 0; i < count; ++i) start[input.index[i] + 1]++;
  for (let k = 0; k < fanIn; ++k) {
    start[k + 1] += start[k];
    next[k] = start[k];
  }
  for (let r = 0; r < rows; ++r) {
    for (let i = input.start[r], end = input.start[r + 1]; i < end; ++i) {
      const p = next[input.index[i]]++;
      offset[p] = r * units;
      value[p] = input.value[i] * factor;
    }
  }
}

/** w -= factor . sum over the rows of delta a^T, b -= factor . sum of delta. */
function descend(layer: PlainLayer, columns: Columns, rows: number, factor: number): void {
  const { biases, delta, units } = layer;
  if (rows <= SMALL_BATCH) descendBySample(layer, rows, factor);
  else descendByInput(layer, columns, rows, factor);
  for (let r = 0, d = 0; r < rows; ++r) {
    for (let j = 0; j < units; ++j, ++d) biases[j] -= factor * delta[d];
  }
}

function descendBySample(layer: PlainLayer, rows: number, factor: number): void {
  const { weights, delta, units } = layer;
  const { start, index, value } = layer.input;
  for (let r = 0; r < rows; ++r) {
    const d = r * units;
    const end = start[r + 1];
    let i = start[r];
    for (; i + 5 < end; i += 6) {
      const w0 = index[i] * units;
      const w1 = index[i + 1] * units;
      const w2 = index[i + 2] * units;
      const w3 = index[i + 3] * units;
      const w4 = index[i + 4] * units;
      const w5 = index[i + 5] * units;
      const x0 = value[i] * factor;
      const x1 = value[i + 1] * factor;
      const x2 = value[i + 2] * factor;
      const x3 = value[i + 3] * factor;
      const x4 = value[i + 4] * factor;
      const x5 = value[i + 5] * factor;
      for (let j = 0; j < units; ++j) {
        const dj = delta[d + j];
        weights[w0 + j] -= dj * x0;
        weights[w1 + j] -= dj * x1;
        weights[w2 + j] -= dj * x2;
        weights[w3 + j] -= dj * x3;
        weights[w4 + j] -= dj * x4;
        weights[w5 + j] -= dj * x5;
      }
    }
    for (; i < end; ++i) {
      const w = index[i] * units;
      const x = value[i] * factor;
      for (let j = 0; j < units; ++j) weights[w + j] -= delta[d + j] * x;
    }
  }
}

function descendByInput(layer: PlainLayer, columns: Columns, rows: number, factor: number): void {
  const { weights, delta, units, fanIn } = layer;
  listColumns(columns, layer, rows, factor);
  const { start, offset, value } = columns;
  for (let k = 0; k < fanIn; ++k) {
    const first = start[k];
    const end = start[k + 1];
    if (first === end) continue;
    let w = k * units;
    let j = 0;
    for (; j + 7 < units; j += 8, w += 8) {
      let w0 = weights[w];
      let w1 = weights[w + 1];
      let w2 = weights[w + 2];
      let w3 = weights[w + 3];
      let w4 = weights[w + 4];
      let w5 = weights[w + 5];
      let w6 = weights[w + 6];
      let w7 = weights[w + 7];
      for (let i = first; i < end; ++i) {
        const d = offset[i] + j;
        const x = value[i];
        w0 -= delta[d] * x;
        w1 -= delta[d + 1] * x;
        w2 -= delta[d + 2] * x;
        w3 -= delta[d + 3] * x;
        w4 -= delta[d + 4] * x;
        w5 -= delta[d + 5] * x;
        w6 -= delta[d + 6] * x;
        w7 -= delta[d + 7] * x;
      }
      weights[w] = w0;
      weights[w + 1] = w1;
      weights[w + 2] = w2;
      weights[w + 3] = w3;
      weights[w + 4] = w4;
      weights[w + 5] = w5;
      weights[w + 6] = w6;
      weights[w + 7] = w7;
    }
    for (; j + 1 < units; j += 2, w += 2) {
      let w0 = weights[w];
      let w1 = weights[w + 1];
      for (let i = first; i < end; ++i) {
        const d = offset[i] + j;
        const x = value[i];
        w0 -= delta[d] * x;
        w1 -= delta[d + 1] * x;
      }
      weights[w] = w0;
      weights[w + 1] = w1;
    }
    if (j < units) {
      let sum = weights[w];
      for (let i = first; i < end; ++i) sum -= delta[offset[i] + j] * value[i];
      weights[w] = sum;
    }
  }
}
