import { PANEL_UNITS } from '../../assembly/abi.js';
import { checkFloats, outOfRange } from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import { type LayerPlan, type Plan, paddedFloats, weightFloats } from '../core/memory-plan.js';
import { countParameters } from '../persistence/encode.js';
import type { ActivationName } from '../spec/types.js';
import type { BatchGuard } from '../training/non-finite.js';
import type { Stepper } from '../training/stepper.js';

/** What a network's batch buffers hold. Shared by the network, which writes it, and its layers, which read it. */
export interface Pass {
  rows: number;
  /** z and a are those of the batch; then delta too; then the gradients too. */
  done: 'nothing' | 'forward' | 'backward' | 'gradients';
  /** The batch is that of a `forward`, and the parameters are still those it went through: a backward pass and a step may follow. */
  isCurrent: boolean;
  /** Who has the snapshot that the parameters stem from by steps alone. */
  guard?: BatchGuard | Stepper;
  /** Amid a step of several chunks: to be called before the gradients are overwritten, so that the step can go on with its own. */
  keepStep?: () => void;
}

/**
 * One layer after the input layer. Everything but `weights` and `biases` belongs to the batch that went through the network
 * last: rows = its samples. Every array is a copy; reading costs the copy, not reading costs nothing.
 */
export interface Layer {
  readonly fanIn: number;
  readonly units: number;
  /** A name for each unit only where they differ. */
  readonly activation: ActivationName | readonly ActivationName[];
  /** w [units × fanIn] row-major, w_jk at j · fanIn + k. Assigning writes them; wrong lengths and non-finite numbers are refused. */
  weights: Float32Array;
  /** b [units]. Assigning writes them; a layer without biases has zeros and takes nothing else. */
  biases: Float32Array;
  /** Weighted inputs [rows × units] of the last batch. */
  readonly z: Float32Array;
  /** Activations [rows × units] of the last batch. */
  readonly a: Float32Array;
  /** Errors dC_x/dz [rows × units] of the last batch, each sample for itself: not divided by the number of rows. */
  readonly delta: Float32Array;
  /** dC/dW [units × fanIn]: the mean over the last batch, without the L2 term. */
  readonly weightGradients: Float32Array;
  /** dC/db [units]: the mean over the last batch. */
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
    // what fills the panels too: a training that was let diverge has left NaN there
    const panels = this.#panels(this.#plan.weights).fill(0);
    eachWeight(this, (packed, j, k) => {
      panels[packed] = values[j * this.fanIn + k];
    });
    this.#pass.isCurrent = false;
    this.#pass.guard = undefined;
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
    // + 0 makes -0 a 0: a sum that starts from -0 would show whether zero inputs were skipped
    for (let j = 0; j < this.units; j++) biases[j] = values[j] + 0;
    this.#pass.isCurrent = false;
    this.#pass.guard = undefined;
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
    if (this.#pass.done === 'nothing') {
      throw new Error(`layers[${this.#index}].${name}: got no batch yet, want a forward pass before`);
    }
    const { rows } = this.#pass;
    const values = new Float32Array(rows * this.units);
    this.#arena.readRows(values, 0, this.#plan[name], this.#plan, rows);
    return values;
  }

  #needBackward(name: string): void {
    this.#arena.checkAlive();
    if (this.#pass.done === 'nothing' || this.#pass.done === 'forward') {
      throw new Error(
        `layers[${this.#index}].${name}: got no backward pass since the last forward pass, want one before`,
      );
    }
  }

  /** A training step leaves no gradients behind, only what they are computed from. */
  #needGradients(name: string): void {
    this.#needBackward(name);
    if (this.#pass.done === 'gradients') return;
    this.#pass.keepStep?.();
    this.#arena.core.meanGradients(this.#pass.rows);
    this.#pass.done = 'gradients';
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

/** Calls with the position of w_jk in the panels (see PANEL_UNITS in abi.ts), j and k. */
export function eachWeight(
  { units, fanIn }: Pick<Layer, 'units' | 'fanIn'>,
  visit: (packed: number, j: number, k: number) => void,
): void {
  for (let j = 0; j < units; j++) {
    const column = Math.floor(j / PANEL_UNITS) * PANEL_UNITS * fanIn + (j % PANEL_UNITS);
    for (let k = 0; k < fanIn; k++) visit(column + k * PANEL_UNITS, j, k);
  }
}

/** Calls with the place, in floats, of each parameter in a region laid out as they are: for each layer w row-major, then b. */
function eachParameter({ parameters, layers }: Plan, visit: (packed: number) => void): void {
  for (const layer of layers) {
    eachWeight(layer, (packed) => visit((layer.weights - parameters) / 4 + packed));
    for (let j = 0; j < layer.units; j++) visit((layer.biases - parameters) / 4 + j);
  }
}

/** The numbers of a region that is laid out as the parameters, as a file has them: for each layer w [units × fanIn], then b [units]. */
export function unpack(arena: Arena, address: number): Float32Array {
  const floats = arena.floats(address, arena.plan.parameterFloats);
  const values = new Float32Array(countParameters(arena.spec));
  let i = 0;
  eachParameter(arena.plan, (packed) => {
    values[i++] = floats[packed];
  });
  return values;
}

/** Writes what `unpack` has read; what fills rows becomes 0. */
export function pack(arena: Arena, address: number, values: Float32Array): void {
  const floats = arena.floats(address, arena.plan.parameterFloats).fill(0);
  let i = 0;
  eachParameter(arena.plan, (packed) => {
    floats[packed] = values[i++];
  });
}
