import { throwIfAborted } from '../check/abort.js';
import { isPromise } from '../check/promises.js';
import { checksumOf } from '../data/checksums.js';
import { type CheckedData, checkData, type DataSet, namedBy, ownData } from '../data/data-set.js';
import { type InputArray, preparationOf, type Standardized, scaleOf } from '../data/inputs.js';
import { BLOCK_NUMBERS } from '../data/numbers.js';
import { costUnitsOf } from '../data/target-scale.js';
import type { TargetArray } from '../data/targets.js';
import { checkNamedTask, checkScaledTask, type Goal, settleGoal } from '../data/task.js';
import { warningsOf } from '../data/warnings.js';
import type { Evaluation } from '../model/metrics.js';
import { type Names, namesFor } from '../spec/names.js';
import type { Optimizer } from '../spec/optimizer.js';
import { outputsOf } from '../spec/spec.js';
import { CallStart } from './call-start.js';
import { CostGrowth } from './cost-growth.js';
import { EpochRunner, type EpochSettings } from './epoch-runner.js';
import type { EpochResult, Epochs, StepStart } from './epochs.js';
import { makeYield } from './event-loop.js';
import { applyFeatures, type Features, type FitParts, load, loaded, missingFor } from './features.js';
import {
  checkSettings,
  checkStandardize,
  defaultEpochs,
  stepSizesOf,
  TRAIN_KEYS,
  type TrainOptions,
  type TrainSettings,
  takeOptions,
} from './options.js';
import { PendingWarnings } from './pending-warnings.js';
import type { CallOptions, Place, RunPlace, TrainedEpoch } from './place.js';
import type { EpochReport } from './reports.js';
import { type StepSizes, Steps } from './steps.js';
import type { Trainer } from './trainer.js';

// Training for a number of epochs on a data set that lies in memory as a whole: Network.fit and Network.train.

/** The checked settings of a call of fit. */
interface FitSettings extends TrainSettings, FitParts, Pick<StepSizes, 'longSteps'> {
  readonly epochs: number;
  readonly goal: Goal;
  /** The names of the network and of the data. */
  readonly names: Names;
  readonly makeLbfgs: Features['lbfgs']['makeLbfgs'] | undefined;
  readonly warnings: readonly string[];
  /** True if the inputs lie in the network's memory already. */
  readonly hasInputs: boolean;
  /** True if the validation data are evaluated after each epoch. */
  readonly isValidated: boolean;
}

/** The goal of the network, from all targets of the call. */
function goalOf({ goal, arena }: Trainer, data: CheckedData, validation: CheckedData | undefined): Goal {
  const named = {
    'data.targets': data.targets,
    ...(validation && { 'options.validation.targets': validation.targets }),
  };
  return settleGoal(goal, named, arena.spec);
}

/** A call of fit whose options have been read. */
interface Given {
  /** Called before anything changes, with the number of steps that the call takes at most. It may throw. */
  readonly onBegin?: ((steps: number) => void) | undefined;
  /** false: nobody reads the reports, so they have the validation only where training depends on it. Default true. */
  readonly isWatched?: boolean | undefined;
  /** undefined once the call has begun, so that copies that are no longer needed are released. */
  data: DataSet | undefined;
  readonly options: TrainOptions;
}

/**
 * See Network.fit. The call must have been started. The data are read when the first report is asked for, which must be
 * at once.
 */
export function fit(
  trainer: Trainer,
  data: DataSet,
  options: TrainOptions,
  { onBegin, isWatched }: Pick<Given, 'onBegin' | 'isWatched'> = {},
) {
  const taken = takeOptions(options, TRAIN_KEYS, namedBy('data', data, trainer.arena));
  return reports(trainer, { data, options: taken, onBegin, isWatched });
}

/** See Network.train. What needs no code that must be loaded is checked at the call. */
export function train(trainer: Trainer, data: DataSet, options: TrainOptions) {
  const { arena } = trainer;
  arena.checkAlive();
  const taken = takeOptions(options, TRAIN_KEYS, namedBy('data', data, arena));
  const copies = ownData('data', data, arena);
  checkCall(trainer, copies, taken);
  return started(trainer, { data: copies, options: taken });
}

/** The reports of a call that starts when the first one is asked for. */
async function* started(trainer: Trainer, given: Given): AsyncGenerator<EpochReport, void, undefined> {
  trainer.call.start('train');
  try {
    yield* reports(trainer, given);
  } finally {
    trainer.call.end();
  }
}

async function* reports(trainer: Trainer, given: Given): AsyncGenerator<EpochReport, void, undefined> {
  const start = new CallStart(trainer);
  try {
    yield* (await begin(trainer, given)).reports();
  } catch (error) {
    start.undo();
    throw error;
  }
}

/** Checks the data and the options of a call, except for those whose code must be loaded for it. */
function checkCall(trainer: Trainer, data: DataSet, options: TrainOptions) {
  const { arena, state } = trainer;
  const settings = checkSettings(options, arena, state.optimizer);
  const { standardize, validation } = settings;
  const checked = checkData('data', data, preparationOf(arena, standardize), trainer.isLoaded);
  const names = namesFor('data', checked.given ?? {}, arena.names);
  namesFor('options.validation', validation?.given ?? {}, names);
  // before the split: the decisive targets may all fall into one part
  const goal = goalOf(trainer, checked, validation);
  checkNamedTask('data.classes', names.classes, goal.task, arena.spec);
  if (standardize.targets) checkScaledTask('options.standardize', goal.task);
  return { ...settings, data: checked, goal, names };
}

/**
 * Begins a call of fit. Data are read before other code can run. If nothing must be loaded, measured or standardised in
 * blocks first, the training data are copied into the network's memory. Otherwise they are copied to other arrays,
 * which are checked and used.
 */
async function begin(trainer: Trainer, call: Given): Promise<Fit> {
  const { arena, state } = trainer;
  const { options } = call;
  const data = call.data as DataSet;
  call.data = undefined;
  const atTheCall = state.optimizer;
  const asked = options.optimizer ?? atTheCall;
  trainer.call.optimizer = asked;
  // first of all, because the function of a learning rate may do anything, with the data too
  trainer.checkRate(asked);
  const isLbfgs = asked.name === 'lbfgs';
  const { standardization, targetScale } = trainer.scaling;
  const isStandardized = standardization !== undefined || targetScale !== undefined;
  const missing = missingFor(options, isLbfgs, isStandardized);
  const standardized = checkStandardize('options.standardize', options.standardize, arena.spec);
  const measured = {
    inputs: standardized.inputs && !standardization,
    targets: standardized.targets && !targetScale,
  };
  const isMeasured = measured.inputs || measured.targets;
  // large data are standardised in blocks, between which other code can run
  const isInBlocks = isMeasured || (standardization && mayBeLarge(data) && !trainer.call.resumption);
  const copied = missing.length > 0 || isInBlocks ? ownData('data', data, arena) : data;

  const settings = checkCall(trainer, copied, options);
  const { goal, names } = settings;
  if (missing.length > 0) await load(missing);
  if (isLbfgs) loaded.lbfgs?.checkLbfgs(arena.spec, options);
  const parts = applyFeatures(options, settings, arena);
  throwIfAborted(settings.signal);
  const { samples } = parts.data;
  const sizes = stepSizesOf(settings, samples, settings.optimizer);
  const epochs = settings.epochs ?? defaultEpochs(sizes);
  call.onBegin?.(mostSteps(sizes, epochs, trainer.call.resumption?.place));
  const makeLbfgs = isLbfgs ? loaded.lbfgs?.makeLbfgs : undefined;
  const preparation = { ...preparationOf(arena, settings.standardize), names };
  const warnings = warningsOf(parts.data, preparation);
  const { compare, findMisfits } = loaded as Features;
  if (isStandardized) warnings.push(...findMisfits(parts.data, preparation));
  const { validation } = settings;
  if (validation) warnings.push(...compare(validation, parts.data, preparation));
  let hasInputs = false;
  if (isInBlocks) {
    const pause = makeYield(settings.signal);
    if (isMeasured) await standardize(trainer, parts.data, measured, names.columns, pause);
    hasInputs = await trainer.standardizeInBlocks(parts.data, sizes.stepRows, pause);
  }
  // an optimizer that was assigned while code was loaded replaces that of the call, as it does in later epochs
  const optimizer = state.optimizer === atTheCall ? settings.optimizer : state.optimizer;
  const isValidated = call.isWatched !== false || parts.stopper !== undefined || watchesCost(optimizer);
  const fitSettings = {
    ...settings,
    ...parts,
    goal,
    names,
    epochs,
    ...sizes,
    makeLbfgs,
    warnings,
    hasInputs,
    isValidated,
    optimizer,
  };
  const fit = new Fit(trainer, fitSettings);
  trainer.call.setRunning(fit);
  return fit;
}

/** True if the learning rate depends on the costs of the validation data. */
const watchesCost = ({ learningRate }: Optimizer) => Object(learningRate).name === 'reduceOnPlateau';

/** The steps that a call takes at most. If it was saved within a call of fit, at `place`, it resumes there. */
function mostSteps(sizes: StepSizes, epochs: number, place: Place | undefined): number {
  const steps = new Steps(sizes);
  if (place?.options.call !== 'fit') return epochs * steps.count;
  const done = place.trained ? steps.count : steps.doneAt(place.run?.position ?? 0);
  return place.stopped ? 0 : Math.max((epochs - place.epoch) * steps.count - done, 0);
}

/** True if it takes long to standardise these inputs. The rows of plain arrays may have any length. */
function mayBeLarge(data: unknown): boolean {
  const { inputs } = Object(data);
  return Array.isArray(inputs) || inputs?.length > BLOCK_NUMBERS;
}

/** Standardises the network by the columns of the training data: of those that are `measured`. */
async function standardize(
  trainer: Trainer,
  { inputs, targets }: CheckedData,
  measured: Standardized,
  columns: readonly string[] | undefined,
  pause: () => Promise<void>,
): Promise<void> {
  const { ColumnMoments } = await import('../data/measure-columns.js');
  const { spec } = trainer.arena;
  const measure = async (
    values: InputArray | TargetArray,
    width: number,
    scale: number,
    what: 'inputs' | 'targets',
  ) => {
    const moments = new ColumnMoments(width);
    await moments.addInBlocks(values, scale, pause);
    return moments.standardizationOf(what, what === 'inputs' ? columns : undefined);
  };
  let { standardization, targetScale } = trainer.scaling;
  if (measured.inputs) standardization = await measure(inputs, spec.inputs, scaleOf(inputs, spec), 'inputs');
  if (measured.targets) targetScale = await measure(targets, outputsOf(spec), 1, 'targets');
  trainer.scaling = { standardization, targetScale };
}

/** A call of fit that has begun. Its data lie in the network's memory, and nowhere else. */
class Fit {
  readonly #trainer: Trainer;
  readonly #settings: Omit<FitSettings, 'data' | 'hasInputs'>;
  readonly #samples: number;
  readonly #epochs: Epochs;
  readonly #runner: EpochRunner;
  readonly #growth = new CostGrowth();
  /** Epochs done. */
  #epoch: number;
  /** The place within the next epoch at which it resumes. */
  #runPlace: RunPlace | undefined;
  #isInEpoch = false;
  /** The result of the epoch in progress, if its steps are done. */
  #trained: TrainedEpoch | undefined;
  readonly #warnings = new PendingWarnings();
  /** Why training has ended, if the last report has been given. */
  #stopped: Place['stopped'];
  #options: CallOptions | undefined;

  constructor(trainer: Trainer, { data, hasInputs, ...settings }: FitSettings) {
    this.#trainer = trainer;
    this.#settings = settings;
    this.#samples = data.samples;
    this.#warnings.add(...settings.warnings);
    const { stopper, makeLbfgs } = settings;
    const place = trainer.loadSet(data, settings, () => this.#callOptions, hasInputs);
    trainer.goal = settings.goal;
    trainer.takeNames(settings.names);
    this.#epoch = place?.epoch ?? 0;
    this.#runPlace = place?.run;
    this.#trained = place?.trained;
    this.#stopped = place?.stopped;
    if (place?.stopper && stopper) stopper.place = place.stopper;
    const epochSettings: EpochSettings = { ...settings, samples: data.samples, isTrial: makeLbfgs !== undefined };
    this.#runner = new EpochRunner(trainer.state, epochSettings);
    this.#epochs = makeLbfgs ? makeLbfgs(trainer.state, this.#runner, place?.lbfgs) : this.#runner;
    // L-BFGS takes no step that does not lower the cost
    trainer.keepFallback(!settings.ignoreNonFinite && !makeLbfgs);
  }

  get place(): Place {
    const { stopper } = this.#settings;
    return {
      options: this.#callOptions,
      epoch: this.#epoch,
      run: (this.#isInEpoch ? this.#epochs.place : undefined) ?? this.#runPlace,
      trained: this.#trained,
      stopper: stopper?.place,
      lbfgs: this.#epochs.lbfgs,
      stopped: this.#stopped,
    };
  }

  get stepStart(): StepStart | undefined {
    return this.#epochs.stepStart;
  }

  async *reports(): AsyncGenerator<EpochReport, void, undefined> {
    this.#restoreBestAtEnd();
    while (!this.#isOver) {
      const report = await this.#reportOn(await this.#trainEpoch());
      await this.#notify(report);
      this.#restoreBestAtEnd();
      yield report;
    }
  }

  get #isOver(): boolean {
    return this.#stopped !== undefined || this.#epoch >= this.#settings.epochs;
  }

  /**
   * The options that must be equal for a later call to resume here. They are made only when asked for, because
   * checksums of data take time.
   */
  get #callOptions(): CallOptions {
    const { validation, stopper, optimizer } = this.#settings;
    this.#options ??= {
      ...this.#trainer.optionsOf('fit', this.#samples, this.#settings),
      validation: validation && checksumOf(validation),
      earlyStopping: stopper?.spec,
      optimizer,
    };
    return this.#options;
  }

  async #trainEpoch(): Promise<EpochResult> {
    if (this.#trained) return { ...this.#trained, elapsedMs: 0, samplesPerSecond: undefined, isStopped: false };
    this.#isInEpoch = true;
    const result = await this.#epochs.run(this.#epoch, this.#trainer.state.epochsTrained, this.#runPlace);
    this.#isInEpoch = false;
    this.#runPlace = undefined;
    const { cost, samples, learningRate, gradientLength, outcome } = result;
    this.#trained = { cost, samples, learningRate, gradientLength, outcome };
    return result;
  }

  /** Validates the network, and makes the report on the epoch that has just been trained. */
  async #reportOn({ isStopped, outcome, ...result }: EpochResult): Promise<EpochReport> {
    const { epochs, stopper, stopAt, trainingMetrics, isValidated } = this.#settings;
    const epoch = this.#epoch;
    const isWhole = result.samples === this.#samples;
    const training = isWhole && trainingMetrics ? await this.#evaluate() : undefined;
    const held = this.#settings.validation;
    const validation = isWhole && isValidated && held ? await this.#evaluate(held) : undefined;
    // from here to the report nothing else can run, so that a checkpoint has all of this or nothing
    this.#trained = undefined;
    this.#trainer.state.countEpoch();
    this.#epoch++;
    this.#warnings.add(this.#observeCost(epoch, result.cost));
    let stopped: EpochReport['stopped'];
    if (isWhole) {
      this.#trainer.state.clock.endEpoch((validation ?? result).cost);
      if (result.cost <= stopAt) stopped = 'stopAt';
      if (validation && stopper?.observe(epoch, validation, this.#trainer.arena)) stopped = 'earlyStopping';
      if (stopper?.bestEpoch === epoch) this.#keepBest();
    }
    stopped = outcome ?? stopped;
    if (isStopped) stopped = 'callback';
    // after the last epoch, nothing is left to stop
    const isLast = this.#isLast({ epoch, samples: result.samples });
    if (isLast) stopped = undefined;
    return {
      epoch,
      epochs,
      ...result,
      ...costUnitsOf(this.#trainer.arena),
      secondsLeft: stopped || isLast ? 0 : this.#epochs.secondsLeft,
      ...(training && { training }),
      ...(validation && { validation }),
      ...(stopper && (epoch > 0 || validation) && { bestEpoch: stopper.bestEpoch }),
      ...(stopped && { stopped }),
      ...this.#warnings.take(),
    };
  }

  /** Returns a sentence if the cost has grown by orders of magnitude. */
  #observeCost(epoch: number, cost: number): string | undefined {
    const { arena, state } = this.#trainer;
    return this.#growth.observe(epoch, cost, this.#runner.firstCost, arena, state.fallback.parameters);
  }

  /** From now on, a training that fails returns to the end of this epoch. */
  #keepBest(): void {
    const { fallback } = this.#trainer.state;
    if (fallback.parameters !== undefined && !this.#growth.isGrown) fallback.keep();
  }

  /** True if all epochs that were asked for are complete. */
  #isLast({ epoch, samples }: { readonly epoch: number; readonly samples: number }): boolean {
    return epoch + 1 === this.#settings.epochs && samples === this.#samples;
  }

  async #evaluate(validation?: CheckedData): Promise<Evaluation> {
    const { ignoreNonFinite, stopper, signal } = this.#settings;
    return await (loaded as Features).validate(this.#trainer, validation, {
      options: validation ? { rocAuc: stopper?.spec.monitor === 'rocAuc', topK: stopper?.spec.topK } : {},
      ignoresNonFinite: ignoreNonFinite,
      signal,
      timed: (work) => this.#epochs.timed(work),
    });
  }

  /** Calls back with a report. If training ends, completes the report with the reason. */
  async #notify(report: EpochReport): Promise<void> {
    // must be set before the callback, which may save the network
    this.#stopped = report.stopped;
    const answer = this.#settings.onEpoch?.(report);
    const isEnd = (isPromise(answer) ? await answer : answer) === false;
    if (isEnd && !this.#isLast(report)) {
      report.stopped ??= 'callback';
      report.secondsLeft = 0;
    }
    this.#stopped = report.stopped;
  }

  /** With early stopping, puts back the parameters of the best epoch once the call has ended. */
  #restoreBestAtEnd(): void {
    const { stopper } = this.#settings;
    if (!this.#isOver || !stopper) return;
    stopper.restore(this.#trainer.arena);
    this.#trainer.state.pass.setParameters();
  }
}
