import type { SetSize } from '../core/memory-plan.js';
import { costUnitsOf } from '../data/target-scale.js';
import type { KnownGoal } from '../data/task.js';
import type { Names } from '../spec/names.js';
import { CostGrowth } from './cost-growth.js';
import { speedOf } from './epochs.js';
import { PendingWarnings } from './pending-warnings.js';
import type { CallOptions, Place } from './place.js';
import type { TrainForReport } from './reports.js';
import { StepTimer } from './step-timer.js';
import { Stepper, type StepperOptions } from './stepper.js';
import { readTimer } from './timer.js';
import type { TrainingState } from './training-state.js';

/** This many slices, or multiplications, take longer than a tick of any clock. */
const STILL_SLICES = 2 ** 17;
const STILL_WORK = 2 ** 32;

/** A later call continues a training only if these are the same as in the call that began it. */
export interface Continued extends Names {
  /** See identityOf: the numbers of the data are not read again. */
  readonly identity: readonly unknown[];
  readonly goal: KnownGoal;
}

/**
 * Training for a given time: takes the steps of `fit`, in the same order, as many in each call as fit into the time.
 */
export class TimeBoxedTraining {
  readonly #state: TrainingState;
  readonly #begun: Continued;
  readonly samples: number;
  readonly #options: StepperOptions;
  readonly #set: SetSize | undefined;
  readonly #stepper: Stepper;
  readonly #callOptions: () => CallOptions;
  readonly #growth = new CostGrowth();
  /** Epochs done. */
  #epoch = 0;
  #isInEpoch = false;
  readonly #warnings = new PendingWarnings();
  #epochCost = 0;

  /** `begun`: of the data, which already lie in the arena. */
  constructor(
    state: TrainingState,
    begun: Continued,
    samples: number,
    options: StepperOptions,
    callOptions: () => CallOptions,
    warnings: readonly string[],
  ) {
    this.#warnings.add(...warnings);
    this.#state = state;
    this.#begun = begun;
    this.samples = samples;
    this.#options = options;
    this.#set = state.arena.set;
    this.#stepper = new Stepper(state, options);
    this.#callOptions = callOptions;
  }

  /**
   * True if a call with these arrays, names and options resumes here: they are the same ones, and the data are still in
   * the memory. `optionsOf`: the options for these samples, which other data may contradict.
   */
  continues({ identity, classes, columns, goal }: Continued, optionsOf: () => StepperOptions): boolean {
    const begun = this.#begun;
    const isSame =
      identity.every((value, i) => value === begun.identity[i]) &&
      classes === begun.classes &&
      columns === begun.columns &&
      goal === begun.goal;
    if (!isSame || this.#state.arena.set !== this.#set) return false;
    const { stepRows, longSteps, shuffle, ignoreNonFinite } = this.#options;
    const options = optionsOf();
    return (
      options.stepRows === stepRows &&
      options.longSteps === longSteps &&
      options.shuffle === shuffle &&
      options.ignoreNonFinite === ignoreNonFinite
    );
  }

  /** The place at which the next call resumes; undefined if the data are no longer in the memory. */
  get place(): Place | undefined {
    if (this.#state.arena.set !== this.#set) return undefined;
    const run = this.#isInEpoch ? { cost: this.#epochCost, ...this.#stepper.place } : undefined;
    return { options: this.#callOptions(), epoch: this.#epoch, run };
  }

  /** Resumes at a place. If its epoch has begun, it is already counted. */
  resume({ epoch, run }: Place): void {
    this.#epoch = epoch;
    if (!run) return;
    this.#isInEpoch = true;
    this.#epochCost = run.cost;
    this.#stepper.startEpoch(epoch, this.#state.epochsTrained - 1, run);
  }

  /** Takes at least one step, and further ones until the next might end after `milliseconds`. */
  run(milliseconds: number): TrainForReport {
    const stepper = this.#stepper;
    const { arena, clock, fallback } = this.#state;
    const timer = new StepTimer(readTimer(arena.core));
    if (this.#options.ignoreNonFinite) fallback.drop();
    else fallback.keep();
    if (this.#isInEpoch) stepper.takeSnapshot();
    let cost = 0;
    let samples = 0;
    let stepsTaken = 0;
    let slices = 0;
    let lastCount = 1;
    do {
      if (!this.#isInEpoch) {
        stepper.startEpoch(this.#epoch, this.#state.epochsTrained);
        this.#state.countEpoch();
        this.#isInEpoch = true;
        this.#epochCost = 0;
      }
      const left = milliseconds - timer.elapsedMs;
      // half as many steps as seem to fit, because steps take different times, and a coarse clock may not have moved
      const guess = stepsTaken === 0 ? 1 : 2 * lastCount;
      const fitting = timer.stepMs > 0 ? Math.floor(left / timer.stepMs / 2) : guess;
      const most = stepsTaken === 0 ? 8 : 4 * lastCount;
      lastCount = Math.max(1, Math.min(fitting, most, stepper.steps));
      const before = { position: stepper.position, steps: stepper.stepsDone };
      const costBefore = this.#epochCost;
      this.#epochCost = stepper.advance(stepper.chunksOfSteps(lastCount), costBefore);
      // completes the last step: training may have resumed within a step, and then ends within one
      while (!stepper.isAtStepEnd) this.#epochCost = stepper.advance(stepper.chunksToStepEnd, this.#epochCost);
      const steps = stepper.stepsDone - before.steps;
      timer.addSteps(steps, readTimer(arena.core));
      slices++;
      cost += this.#epochCost - costBefore;
      samples += stepper.position - before.position;
      stepsTaken += steps;
      if (stepper.position === this.samples) {
        this.#isInEpoch = false;
        const epochCost = this.#epochCost / this.samples;
        this.#warnings.add(this.#growth.observe(this.#epoch, epochCost, stepper.firstCost, arena, fallback.parameters));
        this.#epoch++;
        clock.endEpoch(epochCost);
      }
    } while (timer.elapsedMs + timer.stepMs < milliseconds && !this.#isTimeStill(timer, slices, samples));
    stepper.check();
    const elapsedMs = timer.measuredMs;
    return {
      epoch: this.#epoch,
      step: this.#isInEpoch ? stepper.stepsDone : 0,
      steps: stepper.steps,
      stepsTaken,
      samples,
      cost: cost / samples,
      ...costUnitsOf(arena),
      learningRate: stepper.learningRate,
      elapsedMs,
      samplesPerSecond: speedOf(samples, elapsedMs),
      ...this.#warnings.take(),
    };
  }

  /** True if the clock has not moved during work that takes longer than any tick: a test has stopped it. */
  #isTimeStill({ measuredMs }: StepTimer, slices: number, samples: number): boolean {
    if (measuredMs > 0) return false;
    return slices >= STILL_SLICES || samples * this.#state.arena.plan.parameterFloats >= STILL_WORK;
  }
}
