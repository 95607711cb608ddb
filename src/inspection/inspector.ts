import { checkFinite, checkInteger, checkNoMore, checkObject, keysOf, orDefault } from '../check/errors.js';
import { notCloned } from '../check/not-cloned.js';
import type { Arena } from '../core/arena.js';
import { weightFloats } from '../core/layout.js';
import { eachWeight } from '../core/parameters.js';
import { checkInputs, type InputArray, type Inputs } from '../data/inputs.js';
import { isFloats } from '../data/numbers.js';
import { rowsOf, typedInputs, typedTargets, typedWeights } from '../data/plain-data.js';
import { checkTargets, checkWeights, type SampleWeights, type TargetArray, type Targets } from '../data/targets.js';
import type { Layer } from '../model/layer.js';
import type { Pass } from '../model/pass.js';
import { hasSlopes } from '../spec/activations.js';
import { SEEDED } from '../spec/codes.js';
import type { CustomCost } from '../spec/network-options.js';
import { slotNames } from '../spec/optimizer.js';
import { outputsOf, parametersOf } from '../spec/spec.js';
import type { Trainer } from '../training/trainer.js';
import { type CheckGradientsOptions, checkGradients, type GradientCheck } from './check-gradients.js';

// Shows the inside of a network. This file is loaded only by `await net.inspect()`.

/** A number for each parameter of a layer. In `sampleGradients`, a number for each sample and parameter. */
export interface LayerParameters {
  /** [units × fanIn]; in `sampleGradients` [rows × units × fanIn]. */
  weights: Float32Array;
  /** [units]; in `sampleGradients` [rows × units]. */
  biases: Float32Array;
  /** Only for a layer with prelu: like `biases`, for its slopes. */
  slopes?: Float32Array | undefined;
}

/** A change of one weighted input. */
export interface Perturbation {
  /** Index in `layers`: 0 is the first layer after the input. */
  layer: number;
  /** Index of the unit in its layer. */
  unit: number;
  /**
   * Row of the batch.
   * @defaultValue `0`
   */
  sample?: number | undefined;
  /** Δz, which is added to the weighted input; a finite number. */
  amount: number;
}

/** Options of `jacobian`. */
export interface JacobianOptions {
  /**
   * Index of the layer whose activations are differentiated.
   * @defaultValue the output layer
   */
  of?: number | undefined;
  /**
   * Index of an earlier layer: the derivatives are with respect to its activations. -1: with respect to the inputs.
   * @defaultValue `-1`
   */
  by?: number | undefined;
}

const PERTURBATION_KEYS = keysOf<Perturbation>({ layer: true, unit: true, sample: true, amount: true });
const JACOBIAN_KEYS = keysOf<JacobianOptions>({ of: true, by: true });

/** The parts of a network that the inspector uses. */
interface Inspected {
  readonly layers: readonly Layer[];
  forward(x: Inputs): void;
  backward(y: Targets, weights?: SampleWeights): number;
}

/**
 * The inside of a network. All results are copies. An inspector takes time only when it is used, and never changes
 * weights, optimizer or training. Some calls change the batch that passed through the network last, and say so.
 *
 * @example
 * import { Network } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 2, layers: [{ units: 2, activation: 'tanh' }, { units: 1 }], seed: 1 });
 * net.forward([[0, 1]]);
 * net.backward([[1]]);
 * const inspector = await net.inspect();
 * // C changes by delta times the change of z
 * const change = inspector.perturb({ layer: 0, unit: 1, amount: 0.01 });
 * console.log(change / 0.01 - net.layers[0].getDelta()[1]); // close to 0 (within 0.001)
 */
export class Inspector {
  /** @internal */
  readonly notCloned = notCloned('an Inspector: await net.inspect() makes one');
  readonly #net: Inspected;
  readonly #trainer: Trainer;
  readonly #cost: CustomCost | undefined;

  /** @internal */
  constructor(net: Inspected, trainer: Trainer, cost: CustomCost | undefined) {
    trainer.arena.checkAlive();
    this.#net = net;
    this.#trainer = trainer;
    this.#cost = cost;
    Object.freeze(this);
  }

  get #arena(): Arena {
    return this.#trainer.arena;
  }

  get #pass(): Pass {
    return this.#trainer.pass;
  }

  /**
   * The numbers that the optimizer keeps for each parameter of a layer, by their symbols in docs/optimizers.md. For
   * Adam these are `{ m, v }`. For plain gradient descent the result is `{}`, and also for L-BFGS, whose memory
   * consists of whole steps.
   *
   * @param layer index in `layers`
   * @returns a number for each parameter of the layer, by symbol; copies
   * @throws RangeError if there is no such layer
   */
  moments(layer: number, none?: undefined): Record<string, LayerParameters> {
    checkNoMore('moments', 2, none);
    this.#arena.checkAlive();
    const { plan } = this.#arena;
    checkInteger('layer', layer, 0, plan.layers.length - 1);
    const { state } = this.#trainer;
    const { layers } = this.#arena.spec;
    const sizes = plan.layers.map(({ fanIn }, l) => parametersOf(layers[l], fanIn));
    const first = sizes.slice(0, layer).reduce((sum, size) => sum + size, 0);
    const { units, fanIn } = plan.layers[layer];
    const firstBias = first + units * fanIn;
    const firstSlope = firstBias + units;
    const end = first + sizes[layer];
    return Object.fromEntries(
      slotNames(state.optimizer).map((name, slot) => {
        const values = state.readSlot(slot);
        const slopes = end > firstSlope ? { slopes: values.slice(firstSlope, end) } : {};
        return [
          name,
          { weights: values.slice(first, firstBias), biases: values.slice(firstBias, firstSlope), ...slopes },
        ];
      }),
    );
  }

  /**
   * The "demon": adds `amount` to the weighted input of one unit, for one sample of the last batch, and computes all
   * later layers again. For small amounts, the change divided by `amount` is close to that unit's delta. The cost has
   * the rounding errors of 32-bit activations; with amounts around 0.01, the agreement is best. Afterwards the batch is
   * as it was.
   *
   * @param perturbation the layer, the unit, the row of the batch, and the amount
   * @returns the change of the sample's cost, w_x ΔC_x
   * @throws Error unless `forward` and `backward` were called with the present weights; TypeError or RangeError for a
   *   layer, unit or sample that is not there, and for an amount that is not finite
   */
  perturb(perturbation: Perturbation, none?: undefined): number {
    checkNoMore('perturb', 2, none);
    checkObject('perturbation', perturbation, PERTURBATION_KEYS);
    const { core, header, plan } = this.#arena;
    const rows = this.#checkBackward('perturb');
    const { layer, unit, sample = 0, amount } = perturbation;
    checkInteger('perturbation.layer', layer, 0, plan.layers.length - 1);
    checkInteger('perturbation.unit', unit, 0, plan.layers[layer].units - 1);
    checkInteger('perturbation.sample', sample, 0, rows - 1);
    checkFinite('perturbation.amount', amount);
    const { costSum } = header;
    const bias = this.#arena.floats(plan.layers[layer].biases + 4 * unit, 1);
    const [original] = bias;
    const costOfSample = () => {
      core.forward(rows);
      core.addCost(rows);
      return this.#arena.doubles(plan.rowCosts, rows)[sample];
    };
    try {
      const before = costOfSample();
      bias[0] = original + amount;
      return costOfSample() - before;
    } finally {
      bias[0] = original;
      core.forward(rows);
      header.costSum = costSum;
    }
  }

  /**
   * The derivatives ∂a^of/∂a^by for each sample of the inputs x [rows × inputs]. Here x is the input before
   * standardisation and already multiplied by `scale`; outputs are in standardised units if the network's targets are
   * standardised. It takes one forward pass, and a backward pass for each unit of `of`. Afterwards `x` is the batch of
   * the last `forward`.
   *
   * @param x [rows × inputs]
   * @param options the two layers
   * @returns [rows × units of `of` × units of `by`], by default ∂a^L/∂x [rows × outputs × inputs]
   * @throws TypeError or RangeError for wrong inputs, and for layers that are not there or in the wrong order
   */
  jacobian(x: Inputs, options: JacobianOptions = {}, none?: undefined): Float32Array {
    checkNoMore('jacobian', 3, none);
    checkObject('options', options, JACOBIAN_KEYS);
    const last = this.#net.layers.length - 1;
    const of = checkInteger('options.of', orDefault(options.of, last), 0, last);
    const by = checkInteger('options.by', orDefault(options.by, -1), -1, of - 1);
    this.#arena.checkAlive();
    const inputs = typedInputs('x', x, this.#arena) as InputArray;
    const rows = checkInputs('x', inputs, this.#arena);
    const { units } = this.#net.layers[of];
    const width = by < 0 ? this.#arena.spec.inputs : this.#net.layers[by].units;
    const result = new Float32Array(rows * units * width);
    this.#net.forward(inputs);
    this.#withSeeds(of, (passFrom) => {
      for (let unit = 0; unit < units; unit++) {
        passFrom(unit);
        for (let row = 0; row < rows; row++) this.#readError(by, row, result, (row * units + unit) * width);
      }
    });
    return result;
  }

  /**
   * dC_x/dx for each sample of the last batch: how the cost changes with each input. It is multiplied by the sample's
   * weight and not divided by the number of rows. Here x is the input before standardisation and already multiplied by
   * `scale`.
   *
   * @returns [rows × inputs]
   * @throws Error unless `forward` and `backward` were called with the present weights
   */
  inputGradients(none?: undefined): Float32Array {
    checkNoMore('inputGradients', 1, none);
    const rows = this.#checkBackward('inputGradients');
    const { inputs } = this.#arena.spec;
    const result = new Float32Array(rows * inputs);
    for (let row = 0; row < rows; row++) this.#readError(-1, row, result, row * inputs);
    return result;
  }

  /**
   * The gradient of each sample by itself, for every layer: d(w_x C_x)/dW [rows × units × fanIn], d(w_x C_x)/db [rows
   * × units], and the same for the slopes of prelu. Their means over the rows are `getWeightGradients()`,
   * `getBiasGradients()` and `getSlopeGradients()` of the batch. The result takes as much memory as the network's
   * parameters for each sample. Afterwards the last sample is the batch.
   *
   * @param inputs [rows × inputs]
   * @param targets labels [rows], or rows [rows × outputs]
   * @param sampleWeights w_x [rows], each 0 or more; 1 for each if left out
   * @returns the gradients of every layer, in the order of `layers`
   * @throws TypeError or RangeError for inputs, targets or weights that do not fit the network
   */
  sampleGradients(
    inputs: Inputs,
    targets: Targets,
    sampleWeights?: SampleWeights,
    none?: undefined,
  ): LayerParameters[] {
    checkNoMore('sampleGradients', 4, none);
    const { spec } = this.#arena;
    this.#arena.checkAlive();
    const x = typedInputs('x', inputs, this.#arena) as InputArray;
    const y = typedTargets('y', targets, rowsOf(x, spec), this.#arena) as TargetArray;
    const weights = typedWeights('weights', sampleWeights, rowsOf(x, spec)) as Float32Array | undefined;
    const rows = checkInputs('x', x, this.#arena);
    checkTargets('y', y, rows, spec);
    if (weights !== undefined) checkWeights('weights', weights, rows);
    const { layers } = this.#net;
    const results = layers.map(
      ({ units, fanIn, activation }): LayerParameters => ({
        weights: new Float32Array(rows * units * fanIn),
        biases: new Float32Array(rows * units),
        ...(hasSlopes(activation) && { slopes: new Float32Array(rows * units) }),
      }),
    );
    const width = isFloats(y) ? outputsOf(spec) : 1;
    for (let row = 0; row < rows; row++) {
      this.#net.forward(x.subarray(row * spec.inputs, (row + 1) * spec.inputs));
      // the gradients of a sample of weight 0 are zeros
      if (weights?.[row] === 0) continue;
      this.#net.backward(y.subarray(row * width, (row + 1) * width), weights?.subarray(row, row + 1));
      for (const [l, layer] of layers.entries()) {
        const weightGradients = layer.getWeightGradients();
        const biasGradients = layer.getBiasGradients();
        results[l].weights.set(weightGradients, row * weightGradients.length);
        results[l].biases.set(biasGradients, row * biasGradients.length);
        results[l].slopes?.set(layer.getSlopeGradients(), row * layer.units);
      }
    }
    return results;
  }

  /**
   * Compares the gradients of a training step on this batch with an independent implementation in double precision,
   * and compares this implementation with central differences: see docs/inspection.md. The step is a real one, with
   * dropout, penalties and sample weights; it is undone afterwards. Afterwards z, a and delta cannot be read.
   *
   * @param x inputs [rows × inputs]
   * @param y targets: labels [rows], or rows [rows × outputs]
   * @param options weights of the samples, and how many parameters to move
   * @returns the costs, and the largest differences of each layer
   * @throws Error while `fit` is running; TypeError or RangeError for wrong arguments
   */
  checkGradients(x: Inputs, y: Targets, options: CheckGradientsOptions = {}, none?: undefined): GradientCheck {
    checkNoMore('checkGradients', 4, none);
    return checkGradients(this.#trainer, this.#cost, x, y, options);
  }

  /** The number of rows of the last batch. Throws unless it has deltas, and they belong to the present weights. */
  #checkBackward(call: string): number {
    this.#arena.checkAlive();
    const { rows, hasGradients, isCurrent } = this.#pass;
    if (hasGradients && isCurrent) return rows;
    throw new Error(`${call}: got no backward pass of these weights, want forward(x) and backward(y) first`);
  }

  /**
   * Prepares backward passes that start at layer `layer`, and calls `use`. The function that `use` gets makes such a
   * pass: dC/da of the layer is 1 at one unit and 0 at all others.
   */
  #withSeeds(layer: number, use: (passFrom: (unit: number) => void) => void): void {
    const { core, header, plan } = this.#arena;
    const { rows } = this.#pass;
    const { delta, stride } = plan.layers[layer];
    const { layerCount, cost, isWeighted } = header;
    header.layerCount = layer + 1;
    header.cost = SEEDED;
    header.isWeighted = 0;
    try {
      use((unit) => {
        for (let row = 0; row < rows; row++) {
          const seeds = this.#arena.floats(delta + row * stride, stride / 4);
          seeds.fill(0);
          seeds[unit] = 1;
        }
        core.backward(rows);
      });
    } finally {
      Object.assign(header, { layerCount, cost, isWeighted });
    }
  }

  /**
   * Writes dC/da of layer `by` (-1: dC/dx) for one row to `target`, from index `start` on. It follows from the delta of
   * the layer above.
   */
  #readError(by: number, row: number, target: Float32Array, start: number): void {
    const { standardization } = this.#arena;
    const error = inputError(this.#arena, by + 1, row);
    if (by < 0) {
      standardization?.deviations.forEach((deviation, k) => {
        error[k] /= deviation;
      });
    }
    target.set(error, start);
  }
}

/** W^T delta of a layer for one row: dC/da of the layer before, [fanIn]. */
function inputError(arena: Arena, index: number, row: number): Float64Array {
  const layer = arena.plan.layers[index];
  const delta = arena.floats(layer.delta + row * layer.stride, layer.units);
  const weights = arena.floats(layer.weights, weightFloats(layer.fanIn, layer.units));
  const error = new Float64Array(layer.fanIn);
  eachWeight(layer, (packed, j, k) => {
    error[k] += weights[packed] * delta[j];
  });
  return error;
}
