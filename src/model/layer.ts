import { checkFloats, outOfRange } from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import { type LayerPlan, paddedFloats, weightFloats } from '../core/memory-plan.js';
import { eachWeight } from '../core/parameters.js';
import type { ActivationName } from '../spec/network-options.js';
import type { Pass } from './pass.js';

/**
 * One layer after the input layer. `weights` and `biases` are its parameters. All other arrays belong to the batch that
 * passed through the network last, where rows is the number of its samples. Every array is a copy, made when it is
 * read. Reading throws an Error if the last batch has no such array yet.
 */
export interface Layer {
  readonly fanIn: number;
  readonly units: number;
  /** One name for the layer, or a name for each unit if they differ. */
  readonly activation: ActivationName | readonly ActivationName[];
  /**
   * w [units × fanIn], row-major; w_jk is at j · fanIn + k. Assigning a Float32Array of that length changes the
   * weights. Other types, lengths and numbers that are not finite throw a TypeError or RangeError.
   */
  weights: Float32Array;
  /**
   * b [units]. Assigning changes the biases, as for `weights`. A layer without biases has zeros and accepts only zeros.
   */
  biases: Float32Array;
  /** Weighted inputs [rows × units] of the last batch. */
  readonly z: Float32Array;
  /** Activations [rows × units] of the last batch. */
  readonly a: Float32Array;
  /**
   * Errors d(w_x C_x)/dz [rows × units] of the last batch: for each sample by itself, not divided by the number of
   * rows.
   */
  readonly delta: Float32Array;
  /** dC/dW [units × fanIn]: the mean over the last batch, without L1 and L2. */
  readonly weightGradients: Float32Array;
  /** dC/db [units]: the mean over the last batch, without L1 and L2. */
  readonly biasGradients: Float32Array;
}

export class ArenaLayer implements Layer {
  readonly fanIn: number;
  readonly units: number;
  readonly activation: ActivationName | readonly ActivationName[];
  readonly #arena: Arena;
  readonly #index: number;
  readonly #pass: Pass;

  constructor(arena: Arena, index: number, pass: Pass) {
    const { fanIn, units } = arena.plan.layers[index];
    this.fanIn = fanIn;
    this.units = units;
    this.activation = arena.spec.layers[index].activation;
    this.#arena = arena;
    this.#index = index;
    this.#pass = pass;
  }

  get #plan(): LayerPlan {
    return this.#arena.plan.layers[this.#index];
  }

  get weights(): Float32Array {
    return this.#unpack(this.#plan.weights);
  }

  set weights(values: Float32Array) {
    const where = `layers[${this.#index}].weights`;
    checkFloats(where, values, this.units * this.fanIn);
    // lanes that fill up the panels are set to 0 too: training that has diverged may have left NaN there
    const panels = this.#panels(this.#plan.weights).fill(0);
    eachWeight(this, (packed, j, k) => {
      panels[packed] = values[j * this.fanIn + k];
    });
    this.#pass.setParameters();
  }

  get biases(): Float32Array {
    return this.#arena.floats(this.#plan.biases, this.units).slice();
  }

  set biases(values: Float32Array) {
    const where = `layers[${this.#index}].biases`;
    checkFloats(where, values, this.units);
    if (!this.#arena.spec.layers[this.#index].bias && values.some((value) => value !== 0)) {
      throw outOfRange(where, 'biases', 'zeros for a layer with bias: false');
    }
    const biases = this.#arena.floats(this.#plan.biases, paddedFloats(this.units)).fill(0);
    // + 0 turns -0 into 0: a sum that starts from -0 would show whether zero inputs were skipped
    for (let j = 0; j < this.units; j++) biases[j] = values[j] + 0;
    this.#pass.setParameters();
  }

  get z(): Float32Array {
    return this.#rows('z');
  }

  get a(): Float32Array {
    return this.#rows('a');
  }

  get delta(): Float32Array {
    this.#needBackward('delta');
    return this.#rows('delta');
  }

  get weightGradients(): Float32Array {
    this.#needGradients('weightGradients');
    return this.#unpack(this.#plan.weightGradients);
  }

  get biasGradients(): Float32Array {
    this.#needGradients('biasGradients');
    return this.#arena.floats(this.#plan.biasGradients, this.units).slice();
  }

  #rows(name: 'z' | 'a' | 'delta'): Float32Array {
    this.#arena.checkAlive();
    if (!this.#pass.hasForward) {
      throw new Error(`layers[${this.#index}].${name}: got no batch yet, want a forward pass before`);
    }
    const { rows } = this.#pass;
    const values = new Float32Array(rows * this.units);
    this.#arena.readRows(values, 0, this.#plan[name], this.#plan, rows);
    return values;
  }

  #needBackward(name: string): void {
    this.#arena.checkAlive();
    if (!this.#pass.hasDelta) {
      throw new Error(
        `layers[${this.#index}].${name}: got no backward pass since the last forward pass, want one before`,
      );
    }
  }

  /** Computes the gradients if they are missing: a training step leaves only the numbers that they follow from. */
  #needGradients(name: string): void {
    this.#needBackward(name);
    if (this.#pass.hasGradients) return;
    this.#pass.keepStep();
    this.#arena.core.meanGradients(this.#pass.rows);
    this.#pass.holdGradients();
  }

  #panels(address: number): Float32Array {
    return this.#arena.floats(address, weightFloats(this.fanIn, this.units));
  }

  #unpack(address: number): Float32Array {
    const values = new Float32Array(this.units * this.fanIn);
    const panels = this.#panels(address);
    eachWeight(this, (packed, j, k) => {
      values[j * this.fanIn + k] = panels[packed];
    });
    return values;
  }
}
