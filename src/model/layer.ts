import { checkFloats, checkInteger, checkNoMore, outOfRange } from '../check/errors.js';
import { notCloned } from '../check/not-cloned.js';
import { plainFloats, type Row } from '../check/plain-arrays.js';
import type { Arena } from '../core/arena.js';
import { paddedFloats, weightFloats } from '../core/layout.js';
import type { LayerPlan } from '../core/memory-plan.js';
import { readUnits, readWeights, writeUnits, writeWeights } from '../core/parameters.js';
import { activationAt, hasSlopes, showActivation } from '../spec/activations.js';
import type { Activation } from '../spec/network-options.js';
import { checkDropout, checkMaxNorm, type LayerSpec, type Spec } from '../spec/spec.js';
import { INSPECT } from './describe.js';
import type { Pass } from './pass.js';

/** Weights of a layer: one array, row-major, or an array of rows, one for each unit. */
export type Parameters = Float32Array | readonly number[] | readonly Row[];

/**
 * One layer after the input layer. It is frozen: only its methods can change it. Every array that a method returns
 * is a copy, so writing to it does not change the network.
 *
 * z, a, delta and the gradients belong to the batch that passed through the network last, where rows is the number of
 * its samples. Their methods throw an Error if the last batch has none yet.
 */
export interface Layer {
  /** The number of inputs of each unit: the width of the layer before, or of the input layer. */
  readonly fanIn: number;
  /** The number of units. */
  readonly units: number;
  /**
   * One function for the layer, or a list with one for each unit if they differ: a name, or a frozen object for a
   * function with another constant than that of its name.
   */
  readonly activation: Activation | readonly Activation[];
  /**
   * The share of this layer's activations that is dropped in training, as in `LayerOptions`. It can be assigned between
   * two calls that train.
   */
  dropout: number;
  /** The largest length of a unit's weight vector; 0: no limit. It can be assigned between two calls that train. */
  maxNorm: number;
  /**
   * Reads the weights.
   *
   * @param unit the index of a unit: only its weights are read, which is faster for large layers
   * @returns w [units × fanIn], row-major: w_jk is at j · fanIn + k; with `unit`, the weights of this unit [fanIn]
   * @throws TypeError or RangeError if there is no such unit
   */
  getWeights(unit?: number): Float32Array;
  /**
   * Replaces the weights, of all units or of one. Plain arrays are rounded to 32 bits.
   *
   * @param values w [units × fanIn], or with `unit`, its weights [fanIn]
   * @param unit the index of a unit: only its weights are replaced
   * @throws TypeError or RangeError for other types and lengths, and for numbers that are not finite; Error during a
   *   step of lbfgs, which would overwrite them
   */
  setWeights(values: Parameters, unit?: number): void;
  /**
   * Reads the biases.
   *
   * @returns b [units]; zeros for a layer without biases
   */
  getBiases(): Float32Array;
  /**
   * Replaces the biases. A layer without biases accepts only zeros.
   *
   * @param values b [units]
   * @throws TypeError, RangeError or Error as `setWeights` does
   */
  setBiases(values: Float32Array | readonly number[]): void;
  /**
   * Reads the slopes of prelu.
   *
   * @returns the slopes [units]; 0 for units with another function
   */
  getSlopes(): Float32Array;
  /**
   * Replaces the slopes of prelu. Units with another function accept only 0.
   *
   * @param values the slopes [units]
   * @throws TypeError, RangeError or Error as `setWeights` does
   */
  setSlopes(values: Float32Array | readonly number[]): void;
  /**
   * Reads the weighted inputs of the last batch.
   *
   * @returns z [rows × units]
   * @throws Error if no batch has passed forward
   */
  getZ(): Float32Array;
  /**
   * Reads the activations of the last batch.
   *
   * @returns a [rows × units]
   * @throws Error if no batch has passed forward
   */
  getA(): Float32Array;
  /**
   * Reads the errors of the last batch: those of each sample by itself, not divided by the number of rows.
   *
   * @returns delta, d(w_x C_x)/dz [rows × units]
   * @throws Error if the last batch has not passed backward
   */
  getDelta(): Float32Array;
  /**
   * Reads the gradient of the weights: the mean over the last batch, without L1 and L2.
   *
   * @returns dC/dW [units × fanIn]
   * @throws Error if the last batch has not passed backward
   */
  getWeightGradients(): Float32Array;
  /**
   * Reads the gradient of the biases: the mean over the last batch, without L1 and L2.
   *
   * @returns dC/db [units]
   * @throws Error if the last batch has not passed backward
   */
  getBiasGradients(): Float32Array;
  /**
   * Reads the gradient of the slopes of prelu: the mean over the last batch.
   *
   * @returns the derivatives of C with respect to the slopes [units]
   * @throws Error if the last batch has not passed backward
   */
  getSlopeGradients(): Float32Array;
}

/** Changes the spec of a network, unless it is being trained. `where`: the name in messages. */
export type ChangeSpec = (where: string, changes: Partial<Spec>) => void;

/** Checks slopes [units] for a layer. Only units of prelu can have others than 0. */
export function checkSlopes(where: string, values: unknown, { units, activation }: LayerSpec): Float32Array {
  const floats = plainFloats(where, values, units, units, 'one for each unit');
  const checked = checkFloats(where, floats, units);
  const other = checked.findIndex((slope, j) => slope !== 0 && activationAt(activation, j) !== 'prelu');
  if (other < 0) return checked;
  const got = `${checked[other]} for ${showActivation(activationAt(activation, other))}`;
  throw outOfRange(`${where}[${other}]`, got, '0: only prelu has slopes to train');
}

export class ArenaLayer implements Layer {
  /** @internal */
  readonly notCloned = notCloned('a Network: await Network.load(await net.save()) makes a copy');
  readonly fanIn: number;
  readonly units: number;
  readonly activation: Activation | readonly Activation[];
  readonly #arena: Arena;
  readonly #index: number;
  readonly #pass: Pass;
  readonly #change: ChangeSpec;

  constructor(arena: Arena, index: number, pass: Pass, change: ChangeSpec) {
    const { fanIn, units } = arena.plan.layers[index];
    this.fanIn = fanIn;
    this.units = units;
    this.activation = arena.spec.layers[index].activation;
    this.#arena = arena;
    this.#index = index;
    this.#pass = pass;
    this.#change = change;
    Object.freeze(this);
  }

  get dropout(): number {
    return this.#spec.dropout;
  }

  set dropout(value: number) {
    const where = this.#where('dropout');
    this.#set(where, { dropout: checkDropout(where, value, this.#index === this.#arena.spec.layers.length - 1) });
  }

  get maxNorm(): number {
    return this.#spec.maxNorm;
  }

  set maxNorm(value: number) {
    const where = this.#where('maxNorm');
    this.#set(where, { maxNorm: checkMaxNorm(where, value) });
  }

  get #spec(): LayerSpec {
    return this.#arena.spec.layers[this.#index];
  }

  #set(where: string, change: Partial<LayerSpec>): void {
    const { layers } = this.#arena.spec;
    this.#change(where, { layers: layers.map((layer, l) => (l === this.#index ? { ...layer, ...change } : layer)) });
  }

  get #plan(): LayerPlan {
    return this.#arena.plan.layers[this.#index];
  }

  getWeights(unit?: number, none?: undefined): Float32Array {
    const [first, last] = this.#unitsFrom(this.#begin('getWeights', 2, none), unit);
    if (unit === undefined) return this.#readWeights(this.#plan.weights);
    const values = new Float32Array(this.fanIn);
    readUnits(this.#panels(this.#plan.weights), this.fanIn, first, last, values);
    return values;
  }

  setWeights(values: Parameters, unit?: number, none?: undefined): void {
    const where = this.#begin('setWeights', 3, none);
    const [first, last] = this.#unitsFrom(where, unit);
    const count = (last - first) * this.fanIn;
    const floats = plainFloats(where, values, count, this.fanIn, 'one for each input of the layer');
    const checked = checkFloats(where, floats, count);
    this.#pass.checkUnlocked(where);
    // lanes that fill up the last panel are set to 0 too: training that has diverged may have left NaN there
    if (unit === undefined) writeWeights(this.#arena, this.#plan.weights, this, checked);
    else writeUnits(this.#panels(this.#plan.weights), this.fanIn, first, last, checked);
    this.#pass.setParameters();
  }

  getBiases(none?: undefined): Float32Array {
    this.#begin('getBiases', 1, none);
    return this.#arena.floats(this.#plan.biases, this.units).slice();
  }

  setBiases(values: Float32Array | readonly number[], none?: undefined): void {
    const where = this.#begin('setBiases', 2, none);
    const floats = plainFloats(where, values, this.units, this.units, 'one for each unit');
    const checked = checkFloats(where, floats, this.units);
    if (!this.#spec.bias && checked.some((value) => value !== 0)) {
      throw outOfRange(where, 'biases', 'zeros for a layer with bias: false');
    }
    this.#pass.checkUnlocked(where);
    const biases = this.#arena.floats(this.#plan.biases, paddedFloats(this.units)).fill(0);
    // + 0 turns -0 into 0: a sum that starts from -0 would show whether zero inputs were skipped
    for (let j = 0; j < this.units; j++) biases[j] = checked[j] + 0;
    this.#pass.setParameters();
  }

  getSlopes(none?: undefined): Float32Array {
    this.#begin('getSlopes', 1, none);
    return this.#readSlopes(this.#plan.slopes);
  }

  setSlopes(values: Float32Array | readonly number[], none?: undefined): void {
    const where = this.#begin('setSlopes', 2, none);
    const checked = checkSlopes(where, values, this.#spec);
    this.#pass.checkUnlocked(where);
    if (!hasSlopes(this.activation)) return;
    const slopes = this.#arena.floats(this.#plan.slopes, paddedFloats(this.units)).fill(0);
    slopes.set(checked);
    this.#pass.setParameters();
  }

  getZ(none?: undefined): Float32Array {
    return this.#rows(this.#begin('getZ', 1, none), 'z');
  }

  getA(none?: undefined): Float32Array {
    return this.#rows(this.#begin('getA', 1, none), 'a');
  }

  getDelta(none?: undefined): Float32Array {
    const where = this.#begin('getDelta', 1, none);
    this.#needBackward(where);
    return this.#rows(where, 'delta');
  }

  getWeightGradients(none?: undefined): Float32Array {
    this.#needGradients(this.#begin('getWeightGradients', 1, none));
    return this.#readWeights(this.#plan.weightGradients);
  }

  getBiasGradients(none?: undefined): Float32Array {
    this.#needGradients(this.#begin('getBiasGradients', 1, none));
    return this.#arena.floats(this.#plan.biasGradients, this.units).slice();
  }

  getSlopeGradients(none?: undefined): Float32Array {
    this.#needGradients(this.#begin('getSlopeGradients', 1, none));
    return this.#readSlopes(this.#plan.slopeGradients);
  }

  /** @internal */
  [INSPECT](): string {
    return `Layer ${this.fanIn} -> ${this.units} ${[this.activation].flat().map(showActivation)}`;
  }

  /** The beginning of error messages. */
  #where(method: string): string {
    return `layers[${this.#index}].${method}`;
  }

  /** Refuses a call after dispose(), and argument `n` of one that takes fewer. Returns the beginning of messages. */
  #begin(method: string, n: number, surplus: unknown): string {
    const where = this.#where(method);
    this.#arena.checkAlive();
    checkNoMore(where, n, surplus);
    return where;
  }

  /** The first unit and the one after the last: all units, or only `unit`. */
  #unitsFrom(where: string, unit: unknown): readonly [first: number, last: number] {
    if (unit === undefined) return [0, this.units];
    const first = checkInteger(`${where}: unit`, unit, 0, this.units - 1);
    return [first, first + 1];
  }

  #rows(where: string, name: 'z' | 'a' | 'delta'): Float32Array {
    if (!this.#pass.hasForward) throw new Error(`${where}: got no batch yet, want a forward pass before`);
    const { rows } = this.#pass;
    const values = new Float32Array(rows * this.units);
    this.#arena.readRows(values, 0, this.#plan[name], this.#plan, rows);
    return values;
  }

  #needBackward(where: string): void {
    if (!this.#pass.hasDelta) {
      throw new Error(`${where}: got no backward pass since the last forward pass, want one before`);
    }
  }

  /** Computes the gradients if they are missing: a training step leaves only the numbers that they follow from. */
  #needGradients(where: string): void {
    this.#needBackward(where);
    if (this.#pass.hasGradients) return;
    this.#pass.keepStep();
    this.#arena.core.meanGradients(this.#pass.rows, this.#pass.rows);
    this.#pass.holdGradients(this.#pass.rows);
  }

  #panels(address: number): Float32Array {
    return this.#arena.floats(address, weightFloats(this.fanIn, this.units));
  }

  /** The slopes at `address`; zeros for a layer without slopes. */
  #readSlopes(address: number): Float32Array {
    return hasSlopes(this.activation) ? this.#arena.floats(address, this.units).slice() : new Float32Array(this.units);
  }

  #readWeights(address: number): Float32Array {
    const values = new Float32Array(this.units * this.fanIn);
    readWeights(this.#arena, address, this, values);
    return values;
  }
}
