import type { SetSize } from '../core/memory-plan.js';
import type { CheckedData } from '../data/data-set.js';
import type { CallOptions, Place } from './place.js';
import type { TrainForReport } from './reports.js';
import { Stepper, type StepperOptions } from './stepper.js';
import { readTimer } from './timer.js';
import type { TrainingState } from './training-state.js';

/** Training in pieces of time: the steps of `fit`, in the same order, as many a call as fit into it. */
export class TimeBoxedTraining {
  readonly #state: TrainingState;
  readonly #data: CheckedData;
  readonly #options: StepperOptions;
  readonly #set: SetSize | undefined;
  readonly #stepper: Stepper;
  readonly #callOptions: () => CallOptions;
  /** Epochs done. */
  #epoch = 0;
  #isInEpoch = false;
  #stepMs = 0;
  #epochCost = 0;

  /** The data lie in the arena. */
  constructor(state: TrainingState, data: CheckedData, options: StepperOptions, callOptions: () => CallOptions) {
    this.#state = state;
    this.#data = data;
    this.#options = options;
    this.#set = state.arena.set;
    this.#stepper = new Stepper(state, options);
    this.#callOptions = callOptions;
  }

  /** Whether a call with these arrays and options resumes here: they are the same, and the data are still where they were. */
  continues(data: { inputs?: unknown; targets?: unknown; weights?: unknown }, options: StepperOptions): boolean {
    const isSame =
      data.inputs === this.#data.inputs && data.targets === this.#data.targets && data.weights === this.#data.weights;
    const { stepRows, shuffle, ignoreNonFinite } = this.#options;
    return (
      isSame &&
      this.#state.arena.set === this.#set &&
      options.stepRows === stepRows &&
      options.shuffle === shuffle &&
      options.ignoreNonFinite === ignoreNonFinite
    );
  }

  get samples(): number {
    return this.#data.samples;
  }

  /** undefined: the data are no longer where they were, and no call resumes here. */
  get place(): Place | undefined {
    if (this.#state.arena.set !== this.#set) return undefined;
    const run = this.#isInEpoch ? { cost: this.#epochCost, ...this.#stepper.place } : undefined;
    return { options: this.#callOptions(), epoch: this.#epoch, run };
  }

  /** Resumes at a place, whose epoch has been counted already if it has begun. */
  resume({ epoch, run }: Place): void {
    this.#epoch = epoch;
    if (!run) return;
    this.#isInEpoch = true;
    this.#epochCost = run.cost;
    this.#stepper.startEpoch(epoch, this.#state.epochsTrained - 1, run);
  }

  /** Steps until the next might end after `milliseconds`; one at least. */
  run(milliseconds: number): TrainForReport {
    const stepper = this.#stepper;
    const start = readTimer();
    if (this.#isInEpoch) stepper.save();
    let now = start;
    let cost = 0;
    let samples = 0;
    let stepsTaken = 0;
    let lastCount = 1;
    do {
      if (!this.#isInEpoch) {
        stepper.startEpoch(this.#epoch, this.#state.epochsTrained);
        this.#state.countEpoch();
        this.#isInEpoch = true;
        this.#epochCost = 0;
      }
      const left = milliseconds - (now - start);
      // half of what seems to fit: steps differ. A coarse clock may have seen no time pass
      const unknown = stepsTaken === 0 ? 1 : 2 * lastCount;
      const fitting = this.#stepMs > 0 ? Math.floor(left / this.#stepMs / 2) : unknown;
      lastCount = Math.max(1, Math.min(fitting, stepsTaken === 0 ? 8 : 4 * lastCount));
      const before = { position: stepper.position, steps: stepper.stepsDone };
      const costBefore = this.#epochCost;
      this.#epochCost = stepper.advance(lastCount * stepper.chunksPerStep, costBefore);
      // whole steps: one that was cut short is continued
      while (!stepper.isAtStepEnd) this.#epochCost = stepper.advance(stepper.chunksToStepEnd, this.#epochCost);
      const then = now;
      now = readTimer();
      const steps = stepper.stepsDone - before.steps;
      this.#stepMs = (now - then) / steps;
      cost += this.#epochCost - costBefore;
      samples += stepper.position - before.position;
      stepsTaken += steps;
      if (stepper.position === this.#data.samples) {
        this.#isInEpoch = false;
        this.#epoch++;
        this.#state.clock.endEpoch(this.#epochCost / this.#data.samples);
      }
    } while (now - start + this.#stepMs < milliseconds);
    stepper.check();
    const elapsedMs = now - start;
    return {
      epoch: this.#epoch,
      step: this.#isInEpoch ? stepper.stepsDone : 0,
      steps: stepper.steps,
      stepsTaken,
      samples,
      cost: cost / samples,
      learningRate: stepper.learningRate,
      elapsedMs,
      samplesPerSecond: (1000 * samples) / elapsedMs,
    };
  }
}
