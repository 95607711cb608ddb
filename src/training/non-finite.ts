import { counted } from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import type { SetWords } from '../core/header.js';
import type { Guard, Pass } from '../model/pass.js';
import { F32, ROWS } from '../spec/codes.js';
import type { RateClock } from '../spec/schedule.js';

// Handles numbers that leave the range of f32: training stops, reports where and why, and the network returns to an
// earlier state. The core takes no step whose cost is not finite. An update that overflows is noticed at the next check
// of all parameters.

/** Larger inputs count as unscaled. Standardised inputs, and pictures from 0 to 1, stay below 10. */
const UNSCALED_INPUT = 10;
/** Larger targets count as unscaled. The biases of the last layer can reach targets of some tens. */
const UNSCALED_TARGET = 100;
/** Larger weights of samples count as unscaled: a step on such samples alone is that many times as long. */
const UNSCALED_SAMPLE_WEIGHT = 100;
/** Larger weights are a mistake: neither new nor well trained networks have such weights. */
const LARGE_WEIGHT = 1000;
/** Above this learning rate, training is likely to fail, whatever the data are. */
const LARGE_RATE = 10;

/** The likely cause that a NonFiniteError reports. */
export type NonFiniteReason = 'inputs' | 'targets' | 'sampleWeights' | 'weights' | 'cost';

interface NonFiniteDetails {
  readonly epoch: number | undefined;
  readonly step: number;
  readonly layer: number | undefined;
  readonly reason: NonFiniteReason;
  readonly largestInput: number;
  readonly largestTarget: number;
  readonly largestSampleWeight: number;
  readonly largestWeight: number;
  readonly learningRate: number | undefined;
  readonly isStandardized: boolean;
  readonly stepsUndone: number;
}

/**
 * Thrown when a cost or a parameter is no longer finite in training. `fit`, `train`, `fitStream` and `trainFor` leave
 * the network as it was at the start of the call: its parameters, the state of the optimizer, and the counts of steps
 * and epochs; with `earlyStopping`, as it was after the best epoch of the call, if there is one. Parameters that a
 * callback has set since then, also within a step, are kept, and so is what it gave the optimizer. Another optimizer
 * that the call was given stays, with an empty state. `trainBatch` and `applyGradients` leave finite parameters of at
 * most 64 steps before.
 *
 * @example
 * import { Network, NonFiniteError, sgd } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 1, layers: [{ units: 1, activation: 'linear' }], seed: 1 });
 * const data = { inputs: [[1e6], [2e6]], targets: [[1], [2]] };
 * try {
 *   await net.fit(data, { optimizer: sgd({ learningRate: 0.1 }) });
 * } catch (error) {
 *   if (error instanceof NonFiniteError) console.log(error.reason); // inputs
 * }
 */
export class NonFiniteError extends Error {
  /** The epoch, counted from 0 for the call as in reports; undefined for a single batch. */
  declare readonly epoch: number | undefined;
  /** The step that could not be taken, counted from 0 in the epoch; for a single batch, in the network's life. */
  declare readonly step: number;
  /**
   * Index in `layers` of the first layer whose z, or whose parameters after the step, are not finite; undefined if only
   * the cost has overflowed.
   */
  declare readonly layer: number | undefined;
  /**
   * The likely cause. `inputs`: some are larger than 10, so that each step is too long. `targets`: some are larger than
   * 100. `sampleWeights`: those of some samples, times the weights of their classes, are larger than 100. `weights`:
   * those of the network have become too large, or have been larger than 1000 before: then `largestWeight` is. `cost`:
   * the outputs are finite, but their cost is not. If the learning rate is above 10, it is the likely cause, whatever
   * inputs and targets are, and the reason is none of these two.
   */
  declare readonly reason: NonFiniteReason;
  /** Largest |x| of the training set, or of a single batch, as the first layer gets it. */
  declare readonly largestInput: number;
  /** Largest |y| of the same samples; 1 for labels. */
  declare readonly largestTarget: number;
  /** Largest weight of the same samples, times the weight of its class; 1 if they have none. */
  declare readonly largestSampleWeight: number;
  /**
   * Largest absolute value among the weights and biases at the start of the call, or after its return to an earlier
   * state. For `trainBatch`: before the first batch since the last call of another method, or the last error. NaN or
   * Infinity if they were not finite.
   */
  declare readonly largestWeight: number;
  /** How many earlier steps were undone. If batches are given one by one, at most 63. */
  declare readonly stepsUndone: number;

  /**
   * The calls that train make this error.
   *
   * @param details what is known about the failure, from which the message is made
   */
  constructor(details: NonFiniteDetails) {
    super(describe(details));
    this.name = 'NonFiniteError';
    const { learningRate: _rate, isStandardized: _standardized, ...fields } = details;
    Object.assign(this, fields);
  }
}

function describe(details: NonFiniteDetails): string {
  const { epoch, step, layer, stepsUndone } = details;
  const where = epoch === undefined ? `step ${step}` : `epoch ${epoch}, step ${step}`;
  const got = layer === undefined ? 'a cost that is not finite' : `numbers in layers[${layer}] that are not finite`;
  const undone =
    stepsUndone > 0 ? `; ${counted(stepsUndone, 'step')} before it ${stepsUndone === 1 ? 'was' : 'were'} undone` : '';
  return `training: ${where}: got ${got}, want finite ones (${adviceOn(details)}${undone})`;
}

function adviceOn({ reason, learningRate, isStandardized, ...largest }: NonFiniteDetails): string {
  const { largestInput, largestTarget, largestSampleWeight, largestWeight } = largest;
  const slower = `a smaller learning rate${learningRate === undefined ? '' : ` than ${learningRate}`}`;
  const scaled = isStandardized ? 'look for outliers, and columns that hardly vary' : 'scale or standardise them';
  if (reason === 'weights' && !(largestWeight <= LARGE_WEIGHT)) {
    return `weights were as large as ${largestWeight} before: load a saved network or create one, and take ${slower}`;
  }
  return {
    inputs: `inputs are as large as ${largestInput}: ${scaled}, or take ${slower}`,
    targets: `targets are as large as ${largestTarget}: scale them, or take ${slower}`,
    sampleWeights: `sample weights are as large as ${largestSampleWeight}: divide them by their mean, or take ${slower}`,
    weights: `the weights have grown too large: ${slower} or clipped gradients may help`,
    cost: `the outputs have grown too large for the cost: ${slower} or smaller targets may help`,
  }[reason];
}

/** Largest absolute value among the parameters at `address`. */
export const largestWeightOf = (arena: Arena, address = arena.plan.parameters): number =>
  arena.core.largestMagnitude(address, arena.plan.parameterFloats);

/** True if the parameters and the optimizer's state are finite. */
export function isStateFinite(arena: Arena): boolean {
  const { parameters, parameterFloats, state, slots } = arena.plan;
  return arena.areFinite(parameters, parameterFloats) && arena.areFinite(state, slots * parameterFloats);
}

/** A copy of everything that a step changes: the parameters, the optimizer's state and the counts of steps. */
export class Snapshot {
  #parameters = new Float32Array(0);
  #state = new Float32Array(0);
  #steps = 0;
  #optimizerSteps = 0;
  #clockSteps = 0;
  #previousCost = 0;
  #momentumProduct = 0;

  /** Copies everything, and returns true. If any of it is not finite, copies nothing and returns false. */
  take(arena: Arena, clock: RateClock): boolean {
    if (!isStateFinite(arena)) return false;
    const { parameters, parameterFloats, state, slots } = arena.plan;
    if (this.#parameters.length !== parameterFloats) this.#parameters = new Float32Array(parameterFloats);
    if (this.#state.length !== slots * parameterFloats) this.#state = new Float32Array(slots * parameterFloats);
    this.#parameters.set(arena.floats(parameters, parameterFloats));
    this.#state.set(arena.floats(state, this.#state.length));
    const { header } = arena;
    this.#steps = header.stepCount;
    this.#optimizerSteps = header.optimizerSteps;
    this.#previousCost = header.previousCost;
    this.#momentumProduct = header.momentumProduct;
    this.#clockSteps = clock.steps;
    return true;
  }

  restore(arena: Arena, clock: RateClock): void {
    const { header, plan } = arena;
    const { parameters, state } = plan;
    arena.floats(parameters, this.#parameters.length).set(this.#parameters);
    arena.floats(state, this.#state.length).set(this.#state);
    header.stepCount = this.#steps;
    header.optimizerSteps = this.#optimizerSteps;
    header.previousCost = this.#previousCost;
    header.momentumProduct = this.#momentumProduct;
    clock.steps = this.#clockSteps;
  }
}

/** What is known of a failure. */
interface Found {
  /** What is not finite: the z of the pass that lies in the batch buffers, or the present parameters. */
  readonly searched: 'z' | 'parameters';
  /** The rows of that pass. */
  readonly rows: number;
  /** The samples that were trained. */
  readonly set: SetWords;
  /** The number of these samples. */
  readonly samples: number;
  readonly learningRate: number | undefined;
  /** As in NonFiniteError. */
  readonly largestWeight: number;
}

/** The details for an error: finds the first layer whose z or parameters are not finite, and the likely cause. */
export function diagnose(
  arena: Arena,
  { searched, rows, set, samples, learningRate, largestWeight }: Found,
): Omit<NonFiniteDetails, 'epoch' | 'step' | 'stepsUndone'> {
  const layer = findLayer(arena, searched, rows);
  const largestInput = largestInputOf(arena, set, samples);
  const largestTarget = largestTargetOf(arena, set, samples);
  const largestSampleWeight = set.weights ? arena.core.largestMagnitude(set.weights, samples) : 1;
  const rate = (learningRate ?? 0) / LARGE_RATE;
  let reason: NonFiniteReason = layer === undefined ? 'cost' : 'weights';
  const [input, target] = rate > 1 ? [0, 0] : [largestInput / UNSCALED_INPUT, largestTarget / UNSCALED_TARGET];
  const sample = largestSampleWeight / UNSCALED_SAMPLE_WEIGHT;
  if (Math.max(input, target) > 1) reason = input >= target ? 'inputs' : 'targets';
  if (sample > Math.max(1, input, target, rate)) reason = 'sampleWeights';
  // large targets need large weights
  if (!(largestWeight / LARGE_WEIGHT <= Math.max(input, target, sample, 1))) reason = 'weights';
  const isStandardized = arena.standardization !== undefined;
  const largest = { largestInput, largestTarget, largestSampleWeight, largestWeight };
  return { layer, reason, ...largest, learningRate, isStandardized };
}

function findLayer(arena: Arena, searched: 'z' | 'parameters', rows: number): number | undefined {
  const { plan } = arena;
  const index = plan.layers.findIndex((layer, l) => {
    if (searched === 'parameters') {
      const weights = (plan.layers[l + 1]?.weights ?? plan.parameters + 4 * plan.weightFloats) - layer.weights;
      return !arena.areFinite(layer.weights, weights / 4) || !arena.areFinite(layer.biases, layer.units);
    }
    for (let row = 0; row < rows; row++) {
      if (!arena.areFinite(layer.z + row * layer.stride, layer.units)) return true;
    }
    return false;
  });
  return index < 0 ? undefined : index;
}

function largestInputOf(arena: Arena, { inputs, inputType }: SetWords, samples: number): number {
  const count = samples * arena.spec.inputs;
  if (inputType === F32) return arena.core.largestMagnitude(inputs, count);
  return arena.header.scale * arena.bytes(inputs, count).reduce((most, byte) => Math.max(most, byte), 0);
}

function largestTargetOf(arena: Arena, { targets, targetType }: SetWords, samples: number): number {
  return targetType === ROWS ? arena.core.largestMagnitude(targets, samples * arena.plan.outputs) : 1;
}

/** A snapshot is taken once in this many batches, so that copying takes a small share of the time. */
const GUARDED_STEPS = 64;

/** Guards the steps on batches that are given one by one. */
export class BatchGuard implements Guard {
  readonly #snapshot = new Snapshot();
  #steps = 0;
  #largestWeight = 0;

  /** To be called before a step. Throws if the parameters are not finite. */
  beforeStep(arena: Arena, pass: Pass, clock: RateClock): void {
    const isGuarded = pass.isGuardedBy(this);
    if (isGuarded && this.#steps < GUARDED_STEPS) return;
    if (!isGuarded) this.#largestWeight = largestWeightOf(arena);
    this.#steps = 0;
    if (!this.#snapshot.take(arena, clock)) throw this.#error(arena, 0, 'parameters', clock);
    pass.guardBy(this);
  }

  /**
   * To be called after a step. `isTaken`: false if the core has refused the step because of its cost. Throws unless
   * everything is finite; the network then has finite parameters.
   */
  afterStep(arena: Arena, pass: Pass, clock: RateClock, isTaken: boolean): void {
    if (isStateFinite(arena)) {
      if (!isTaken) throw this.#error(arena, pass.rows, 'z', clock);
      this.#steps++;
      return;
    }
    throw this.#error(arena, pass.rows, 'parameters', clock);
  }

  /** Has nothing to do, because the parameters are checked after every step. */
  check(): void {}

  /** The error for a step. If the step has been taken, it is undone, with those since the snapshot. */
  #error(arena: Arena, rows: number, searched: 'z' | 'parameters', clock: RateClock): NonFiniteError {
    const isUndone = searched === 'parameters' && rows > 0;
    // a step that was taken is already counted
    const step = arena.header.stepCount - Number(isUndone);
    const stepsUndone = isUndone ? this.#steps : 0;
    const set = arena.header.window;
    const largestWeight = this.#largestWeight;
    const found = diagnose(arena, { searched, rows, set, samples: rows, learningRate: clock.last, largestWeight });
    if (isUndone) {
      this.#snapshot.restore(arena, clock);
      this.#steps = 0;
    }
    this.#largestWeight = largestWeightOf(arena);
    return new NonFiniteError({ epoch: undefined, step, stepsUndone, ...found });
  }
}
