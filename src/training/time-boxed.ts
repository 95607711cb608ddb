import type { SetSize } from '../core/memory-plan.js';
import type { CheckedData } from '../data/data-set.js';
import type { TrainForReport } from './reports.js';
import type { CallOptions, Place } from './place.js';
import { Stepper, type StepperOptions, type Trainee } from './stepper.js';

/** Training in pieces of time: the steps of `fit`, in the same order, as many a call as fit into it. */
export class TimeBoxedTraining {
  readonly #trainee: Trainee;
  readonly #data: CheckedData;
  readonly #options: StepperOptions;
  readonly #set: SetSize | undefined;
  readonly #stepper: Stepper;
  readonly #nextStream: () => number;
  readonly #callOptions: () => CallOptions;
  /** Epochs done. */
  #epoch = 0;
  #isInEpoch = false;
  #stepMs = 0;
  #epochCost = 0;

  /** The data lie in the arena. `nextStream` counts the epochs that are begun. */
  constructor(
    trainee: Trainee,
    data: CheckedData,
    options: StepperOptions,
    nextStream: () => number,
    callOptions: () => CallOptions,
  ) {
    this.#trainee = trainee;
    this.#data = data;
    this.#options = options;
    this.#set = trainee.arena.set;
    this.#stepper = new Stepper(trainee, options);
    this.#nextStream = nextStream;
    this.#callOptions = callOptions;
  }

  /** Whether a call with the same arrays and options can go on here: the data are still where they were. */
  continues(data: { inputs?: unknown; targets?: unknown; weights?: unknown }, options: StepperOptions): boolean {
    const isSame =
      data.inputs === this.#data.inputs && data.targets === this.#data.targets && data.weights === this.#data.weights;
    const { stepRows, shuffle, ignoreNonFinite } = this.#options;
    return (
      isSame &&
      this.#trainee.arena.set === this.#set &&
      options.stepRows === stepRows &&
      options.shuffle === shuffle &&
      options.ignoreNonFinite === ignoreNonFinite
    );
  }

  get samples(): number {
    return this.#data.samples;
  }

  /** undefined: the data are no longer where they were, and no call goes on here. */
  get place(): Place | undefined {
    if (this.#trainee.arena.set !== this.#set) return undefined;
    const run = this.#isInEpoch ? { cost: this.#epochCost, ...this.#stepper.place } : undefined;
    return { options: this.#callOptions(), epoch: this.#epoch, run };
  }

  /** Goes on at a place. `stream`: that of its epoch's order. */
  resume({ epoch, run }: Place, stream: number): void {
    this.#epoch = epoch;
    if (!run) return;
    this.#isInEpoch = true;
    this.#epochCost = run.cost;
    this.#stepper.startEpoch(epoch, stream, run);
  }

  /** Steps until the next might end after `milliseconds`; one at least. */
  run(milliseconds: number): TrainForReport {
    const stepper = this.#stepper;
    const start = performance.now();
    if (this.#isInEpoch) stepper.save();
    let now = start;
    let cost = 0;
    let samples = 0;
    let stepsTaken = 0;
    let lastCount = 1;
    do {
      if (!this.#isInEpoch) {
        stepper.startEpoch(this.#epoch, this.#nextStream());
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
      // whole steps: one that was cut is gone on with
      while (!stepper.isAtStepEnd) this.#epochCost = stepper.advance(stepper.chunksToStepEnd, this.#epochCost);
      const then = now;
      now = performance.now();
      const steps = stepper.stepsDone - before.steps;
      this.#stepMs = (now - then) / steps;
      cost += this.#epochCost - costBefore;
      samples += stepper.position - before.position;
      stepsTaken += steps;
      if (stepper.position === this.#data.samples) {
        this.#isInEpoch = false;
        this.#epoch++;
        this.#trainee.clock.endEpoch(this.#epochCost / this.#data.samples);
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
