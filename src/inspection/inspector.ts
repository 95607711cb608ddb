import { checkFinite, checkInteger, checkObject, keysOf } from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import { weightFloats } from '../core/memory-plan.js';
import { eachWeight } from '../core/parameters.js';
import { checkInputs, checkTargets, checkWeights, type Inputs, type Targets } from '../data/data-set.js';
import type { Layer } from '../model/layer.js';
import type { Pass } from '../model/pass.js';
import { SEEDED } from '../spec/codes.js';
import type { CustomCost } from '../spec/network-options.js';
import { slotNames } from '../spec/optimizer.js';
import type { Trainer } from '../training/trainer.js';
import { type CheckGradientsOptions, checkGradients, type GradientCheck } from './check-gradients.js';

// Looking inside a network. Loaded where it is asked for: `await net.inspect()`.

/** One number for each parameter of a layer; of `sampleGradients`, one for each sample and parameter. */
export interface LayerParameters {
  /** [units × fanIn] */
  weights: Float32Array;
  /** [units] */
  biases: Float32Array;
}

export interface Perturbation {
  /** From 0, the first layer after the input. */
  layer: number;
  unit: number;
  /** Row of the batch. Default 0. */
  sample?: number;
  /** Δz, added to the weighted input. */
  amount: number;
}

export interface JacobianOptions {
  /** Whose activations are derived, from 0. Default: the output layer. */
  of?: number;
  /** By whose activations, a layer before `of`; -1, the default: by the inputs. */
  by?: number;
}

const PERTURBATION_KEYS = keysOf<Perturbation>({ layer: true, unit: true, sample: true, amount: true });
const JACOBIAN_KEYS = keysOf<JacobianOptions>({ of: true, by: true });

/** What the inspector uses of a network. */
interface Inspected {
  readonly layers: readonly Layer[];
  forward(x: Inputs): void;
  backward(y: Targets, weights?: Float32Array): number;
}

/**
 * A network seen from inside. What it returns are copies; looking costs what it computes, and nothing while nobody looks. Weights,
 * optimizer and training stay as they are; of the batch that went through last each call says what is left.
 */
export class Inspector {
  readonly #net: Inspected;
  readonly #trainer: Trainer;
  readonly #cost: CustomCost | undefined;

  /** @internal */
  constructor(net: Inspected, trainer: Trainer, cost: CustomCost | undefined) {
    trainer.arena.checkAlive();
    this.#net = net;
    this.#trainer = trainer;
    this.#cost = cost;
  }

  get #arena(): Arena {
    return this.#trainer.arena;
  }

  get #pass(): Pass {
    return this.#trainer.pass;
  }

  /**
   * What the optimizer has gathered for each parameter of a layer, by its symbol in docs/optimizers.md: `{ m, v }` for Adam, `{}` for plain
   * descent and for L-BFGS, whose memory is of whole steps.
   */
  moments(layer: number): Record<string, LayerParameters> {
    this.#arena.checkAlive();
    const { plan } = this.#arena;
    checkInteger('layer', layer, 0, plan.layers.length - 1);
    const { state } = this.#trainer;
    const first = plan.layers.slice(0, layer).reduce((sum, { units, fanIn }) => sum + units * (fanIn + 1), 0);
    const { units, fanIn } = plan.layers[layer];
    const firstBias = first + units * fanIn;
    return Object.fromEntries(
      slotNames(state.optimizer).map((name, slot) => {
        const values = state.readSlot(slot);
        return [name, { weights: values.slice(first, firstBias), biases: values.slice(firstBias, firstBias + units) }];
      }),
    );
  }

  /**
   * The demon: adds `amount` to the weighted input of one neuron for one sample of the batch of the last `forward` and `backward`, lets it
   * spread through the network, and returns by how much the sample's cost changes, w_x ΔC_x. Divided by `amount` it tends to that
   * neuron's delta; the cost has the rounding errors of 32-bit activations, so that amounts around 0.01 agree best. The batch is then
   * as it was.
   */
  perturb(perturbation: Perturbation): number {
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
    const [own] = bias;
    const costOfSample = () => {
      core.forward(rows);
      core.addCost(rows);
      return this.#arena.doubles(plan.rowCosts, rows)[sample];
    };
    try {
      const before = costOfSample();
      bias[0] = own + amount;
      return costOfSample() - before;
    } finally {
      bias[0] = own;
      core.forward(rows);
      header.costSum = costSum;
    }
  }

  /**
   * ∂a^of/∂a^by for each sample of x: [rows × units of `of` × units of `by`], by default ∂a^L/∂x [rows × outputs × inputs]. By inputs as
   * the network gets them, bytes and integers after `scale`. One pass forward and one backward a unit of `of`; x is then the batch of the
   * last `forward`.
   */
  jacobian(x: Inputs, options: JacobianOptions = {}): Float32Array {
    checkObject('options', options, JACOBIAN_KEYS);
    const last = this.#net.layers.length - 1;
    const of = checkInteger('options.of', options.of ?? last, 0, last);
    const by = checkInteger('options.by', options.by ?? -1, -1, of - 1);
    this.#arena.checkAlive();
    const rows = checkInputs('x', x, this.#arena.spec);
    const { units } = this.#net.layers[of];
    const width = by < 0 ? this.#arena.spec.inputs : this.#net.layers[by].units;
    const result = new Float32Array(rows * units * width);
    this.#net.forward(x);
    this.#seeded(of, (seed) => {
      for (let unit = 0; unit < units; unit++) {
        seed(unit);
        for (let row = 0; row < rows; row++) this.#readError(by, row, result, (row * units + unit) * width);
      }
    });
    return result;
  }

  /**
   * dC_x/dx of each sample of the batch of the last `backward` [rows × inputs], times its weight, not divided by the rows: how much each
   * input matters to the cost. By inputs as the network gets them, bytes and integers after `scale`.
   */
  inputGradients(): Float32Array {
    const rows = this.#checkBackward('inputGradients');
    const { inputs } = this.#arena.spec;
    const result = new Float32Array(rows * inputs);
    for (let row = 0; row < rows; row++) this.#readError(-1, row, result, row * inputs);
    return result;
  }

  /**
   * Each sample's own gradient, d(w_x C_x)/dW [rows × units × fanIn] and /db [rows × units] for every layer: their mean over the rows is
   * `weightGradients` and `biasGradients` of the batch. As much memory as the weights, for each sample. The last sample is then the batch.
   */
  sampleGradients(x: Inputs, y: Targets, weights?: Float32Array): LayerParameters[] {
    const { spec } = this.#arena;
    this.#arena.checkAlive();
    const rows = checkInputs('x', x, spec);
    checkTargets('y', y, rows, spec);
    if (weights !== undefined) checkWeights('weights', weights, rows);
    const { inputs } = spec;
    const { layers } = this.#net;
    const results = layers.map(({ units, fanIn }) => ({
      weights: new Float32Array(rows * units * fanIn),
      biases: new Float32Array(rows * units),
    }));
    const width = y.length / rows;
    for (let row = 0; row < rows; row++) {
      this.#net.forward(x.subarray(row * inputs, (row + 1) * inputs));
      this.#net.backward(y.subarray(row * width, (row + 1) * width), weights?.subarray(row, row + 1));
      for (const [l, { weightGradients, biasGradients }] of layers.entries()) {
        results[l].weights.set(weightGradients, row * weightGradients.length);
        results[l].biases.set(biasGradients, row * biasGradients.length);
      }
    }
    return results;
  }

  /**
   * Proves the gradients of a training step on this batch against an independent implementation in double precision and its central
   * differences: see docs/inspection.md. The step is a real one, with dropout, penalties and weights of samples; it is taken back.
   * Refused amid `fit`. Nothing is left of the batch that went through last.
   */
  checkGradients(x: Inputs, y: Targets, options: CheckGradientsOptions = {}): GradientCheck {
    return checkGradients(this.#trainer, this.#cost, x, y, options);
  }

  /** The rows of the last batch, whose delta must be there and be that of the weights as they are. */
  #checkBackward(call: string): number {
    this.#arena.checkAlive();
    const { rows, hasGradients, isCurrent } = this.#pass;
    if (hasGradients && isCurrent) return rows;
    throw new Error(`${call}: got no backward pass of these weights, want forward(x) and backward(y) first`);
  }

  /** Calls `look` with what puts dC/da of the layer `of` to 1 at one unit, 0 at the others, and takes it back through the network. */
  #seeded(of: number, look: (seed: (unit: number) => void) => void): void {
    const { core, header, plan } = this.#arena;
    const { rows } = this.#pass;
    const { delta, stride } = plan.layers[of];
    const { layerCount, cost, isWeighted } = header;
    header.layerCount = of + 1;
    header.cost = SEEDED;
    header.isWeighted = 0;
    try {
      look((unit) => {
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

  /** dC/da of the layer `by` (-1: dC/dx) for a row, from the delta of the layer above, to `target` from `start` on. */
  #readError(by: number, row: number, target: Float32Array, start: number): void {
    const { plan, spec } = this.#arena;
    const error = inputError(this.#arena, by + 1, row);
    if (by < 0 && this.#trainer.standardization) {
      const factors = this.#arena.floats(plan.inverseDeviations, spec.inputs);
      for (let k = 0; k < spec.inputs; k++) error[k] *= factors[k];
    }
    target.set(error, start);
  }
}

/** W^T delta of a layer for a row: dC/da of the layer before, [fanIn]. */
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
