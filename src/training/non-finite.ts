import type { Arena } from '../core/arena.js';
import type { Guard, Pass } from '../model/pass.js';
import type { RateClock } from '../spec/schedule.js';

// What happens when numbers leave the range of f32: training stops, says where, and leaves the last finite parameters in place. The core
// takes no step whose cost is not finite. An update that overflows is noticed when all parameters are looked at the next time.

/** Inputs beyond this are taken for unscaled: standardised ones and pictures from 0 to 1 stay below 10. */
const UNSCALED = 100;

export type NonFiniteReason = 'inputs' | 'weights' | 'cost';

interface NonFiniteDetails {
  readonly epoch: number | undefined;
  readonly step: number;
  readonly layer: number | undefined;
  readonly reason: NonFiniteReason;
  readonly largestInput: number;
  readonly stepsUndone: number;
}

/** Training has left the finite numbers. The network has its last finite parameters. */
export class NonFiniteError extends Error {
  /** Counted from 0 for the call, as in reports; undefined for a single batch. */
  declare readonly epoch: number | undefined;
  /** The step of the epoch, counted from 0, that could not be taken; for a single batch, that of the network's life. */
  declare readonly step: number;
  /** Index in `layers` of the first whose z, or parameters after the step, are not finite. undefined: the cost alone overflowed. */
  declare readonly layer: number | undefined;
  /** `inputs`: they are so large that they are the likely cause; `weights`: these are; `cost`: the outputs are finite, the cost is not. */
  declare readonly reason: NonFiniteReason;
  /** Largest |x| of the batch. */
  declare readonly largestInput: number;
  /** Steps before this one that are lost too: none but where batches are given one by one, since they cannot be trained again. */
  declare readonly stepsUndone: number;

  constructor(details: NonFiniteDetails) {
    super(describe(details));
    this.name = 'NonFiniteError';
    Object.assign(this, details);
  }
}

function describe({ epoch, step, layer, reason, largestInput, stepsUndone }: NonFiniteDetails): string {
  const where = epoch === undefined ? `step ${step}` : `epoch ${epoch}, step ${step}`;
  const got = layer === undefined ? 'a cost that is not finite' : `numbers in layers[${layer}] that are not finite`;
  const advice = {
    inputs: `inputs are as large as ${largestInput}: scale or standardise them`,
    weights: 'the weights have grown too large: a smaller learning rate or clipped gradients may help',
    cost: 'the outputs have grown too large for the cost: a smaller learning rate or smaller targets may help',
  }[reason];
  const undone = stepsUndone > 0 ? `; ${stepsUndone} steps before it were undone` : '';
  return `training: ${where}: got ${got}, want finite ones (${advice}${undone})`;
}

/** Whether every number of `floats` is finite. A NaN fails the comparison too. */
const areFinite = (arena: Arena, address: number, floats: number) =>
  arena.core.largestMagnitude(address, floats) < Number.POSITIVE_INFINITY;

/** Whether the parameters and the optimizer's state are finite. */
export function isStateFinite(arena: Arena): boolean {
  const { parameters, parameterFloats, state, slots } = arena.plan;
  return areFinite(arena, parameters, parameterFloats) && areFinite(arena, state, slots * parameterFloats);
}

/** Everything that a step changes, as it was at one moment: parameters, the optimizer's state and the counts of steps. */
export class Snapshot {
  #parameters = new Float32Array(0);
  #state = new Float32Array(0);
  #steps = 0;
  #optimizerSteps = 0;
  #clockSteps = 0;
  #previousCost = 0;
  #momentumProduct = 0;

  /** False, and nothing taken, where not all of it is finite. */
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

/** What the error says of the pass that lies in the batch buffers; `parameters`: of those as they are now instead of z. */
export function diagnose(
  arena: Arena,
  rows: number,
  of: 'z' | 'parameters',
): Pick<NonFiniteDetails, 'layer' | 'reason' | 'largestInput'> {
  const { plan, spec, core } = arena;
  let largestInput = 0;
  for (let row = 0; row < rows; row++) {
    largestInput = Math.max(largestInput, core.largestMagnitude(plan.x + row * plan.xStride, spec.inputs));
  }
  const index = plan.layers.findIndex((layer, l) => {
    if (of === 'parameters') {
      const weights = (plan.layers[l + 1]?.weights ?? plan.parameters + 4 * plan.weightFloats) - layer.weights;
      return !areFinite(arena, layer.weights, weights / 4) || !areFinite(arena, layer.biases, layer.units);
    }
    for (let row = 0; row < rows; row++) {
      if (!areFinite(arena, layer.z + row * layer.stride, layer.units)) return true;
    }
    return false;
  });
  const layer = index < 0 ? undefined : index;
  const isUnscaled = largestInput > UNSCALED;
  return { layer, reason: isUnscaled ? 'inputs' : layer === undefined ? 'cost' : 'weights', largestInput };
}

/** A snapshot each so many batches: its copy is then a small share of theirs. */
const GUARDED_STEPS = 64;

/** Stands around steps on batches that are given one by one. */
export class BatchGuard implements Guard {
  readonly #snapshot = new Snapshot();
  #steps = 0;

  /** Before a step. Throws where the parameters are not finite already. */
  enter(arena: Arena, pass: Pass, clock: RateClock): void {
    if (pass.isGuardedBy(this) && this.#steps < GUARDED_STEPS) return;
    this.#steps = 0;
    if (!this.#snapshot.take(arena, clock)) throw this.#error(arena, 0, 'parameters');
    pass.guardBy(this);
  }

  /** After a step that the core has taken, or refused to take for its cost. Throws unless all is finite, with finite parameters in place. */
  leave(arena: Arena, pass: Pass, clock: RateClock, isTaken: boolean): void {
    if (isStateFinite(arena)) {
      if (!isTaken) throw this.#error(arena, pass.rows, 'z');
      this.#steps++;
      return;
    }
    const error = this.#error(arena, pass.rows, 'parameters');
    this.#snapshot.restore(arena, clock);
    this.#steps = 0;
    throw error;
  }

  /** Nothing to do: `leave` has looked at the parameters after every step. */
  check(): void {}

  #error(arena: Arena, rows: number, of: 'z' | 'parameters'): NonFiniteError {
    // a step that was taken has been counted
    const step = arena.header.stepCount - (of === 'parameters' && rows > 0 ? 1 : 0);
    const stepsUndone = of === 'parameters' && rows > 0 ? this.#steps : 0;
    return new NonFiniteError({ epoch: undefined, step, stepsUndone, ...diagnose(arena, rows, of) });
  }
}
