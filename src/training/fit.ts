import { checkObject } from '../check/errors.js';
import { type CheckedData, checkData, checksumOf, type DataSet } from '../data/data-set.js';
import type { Evaluation } from '../model/evaluate.js';
import type { Lbfgs } from '../spec/optimizer.js';
import type { Spec } from '../spec/spec.js';
import type { EarlyStopper } from './early-stopping.js';
import { EpochRunner, type RunPlan } from './epoch-runner.js';
import type { EpochResult, Epochs, StepStart } from './epochs.js';
import { turnTaker } from './event-loop.js';
import { checkSettings, rowsOfStep, TRAIN_KEYS, type TrainOptions, type TrainSettings } from './options.js';
import type { CallOptions, LbfgsPlace, Place, RunPlace } from './place.js';
import type { EpochReport } from './reports.js';
import type { Trainer } from './trainer.js';

// Training for a number of epochs on a data set that lies in memory as a whole: Network.fit and Network.train.

/** What fit does where the options ask for it, loaded then. */
interface Features {
  readonly weigh?: (where: string, classWeights: unknown, data: CheckedData, spec: Spec) => CheckedData;
  readonly split?: (
    where: string,
    share: unknown,
    data: CheckedData,
    spec: Spec,
  ) => { readonly training: CheckedData; readonly validation: CheckedData };
  readonly makeStopper?: (where: string, options: unknown, validation: CheckedData | undefined) => EarlyStopper;
  readonly lbfgs?: {
    readonly checkLbfgs: (spec: Spec) => void;
    readonly makeLbfgs: (trainer: Trainer['state'], passes: Epochs, optimizer: Lbfgs, place?: LbfgsPlace) => Epochs;
  };
}

/** Loads what the options, which are not checked yet, ask for. A promise only where there is something to load. */
function loadFeatures(options: TrainOptions, current: { name: string }): Features | Promise<Features> {
  const { validationSplit, earlyStopping, classWeights, optimizer } = options ?? {};
  const asked = [validationSplit, earlyStopping, classWeights].some((option) => option !== undefined);
  const isLbfgs = (optimizer ?? current)?.name === 'lbfgs';
  return asked || isLbfgs ? importFeatures(options, isLbfgs) : {};
}

async function importFeatures(
  { validationSplit, earlyStopping, classWeights }: TrainOptions,
  isLbfgs: boolean,
): Promise<Features> {
  // all at once: over a slow line each costs a round trip
  const [weights, parts, stopping, lbfgs] = await Promise.all([
    classWeights === undefined ? undefined : import('../data/class-weights.js'),
    validationSplit === undefined ? undefined : import('../data/split.js'),
    earlyStopping === undefined ? undefined : import('./early-stopping.js'),
    isLbfgs ? import('./lbfgs.js') : undefined,
  ]);
  return { weigh: weights?.withClassWeights, split: parts?.holdBack, makeStopper: stopping?.makeStopper, lbfgs };
}

/** A call of fit whose arguments are right. */
interface FitPlan extends TrainSettings {
  readonly data: CheckedData;
  readonly stopper: EarlyStopper | undefined;
  readonly makeLbfgs: NonNullable<Features['lbfgs']>['makeLbfgs'] | undefined;
}

function checkFit(data: DataSet, options: TrainOptions, { arena, state }: Trainer, features: Features): FitPlan {
  const { spec } = arena;
  checkObject('options', options, TRAIN_KEYS);
  const settings = checkSettings(options, spec, state.optimizer);
  features.lbfgs?.checkLbfgs(spec);
  let training = checkData('data', data, spec);
  let { validation } = settings;
  if (features.split) {
    if (validation) throw new TypeError('options.validationSplit: got validation data too, want one of them');
    const parts = features.split('options.validationSplit', options.validationSplit, training, spec);
    ({ training, validation } = parts);
  }
  // after the split: validation does not use them
  if (features.weigh) training = features.weigh('options.classWeights', options.classWeights, training, spec);
  return {
    ...settings,
    data: training,
    validation,
    stepRows: rowsOfStep(settings.stepRows, training.samples, settings.optimizer),
    stopper: features.makeStopper?.('options.earlyStopping', options.earlyStopping, validation),
    makeLbfgs: features.lbfgs?.makeLbfgs,
  };
}

/** See Network.train. */
export async function* train(
  trainer: Trainer,
  data: DataSet,
  options: TrainOptions,
): AsyncGenerator<EpochReport, void, undefined> {
  const { call } = trainer;
  const loading = loadFeatures(options, trainer.optimizer);
  // where nothing has to be loaded, the call begins at once
  const features = loading instanceof Promise ? await loading : loading;
  const plan = checkFit(data, options, trainer, features);
  call.checkIdle('fit');
  plan.signal?.throwIfAborted();
  call.start();
  try {
    const fit = new Fit(trainer, plan);
    call.describeBy(fit);
    yield* fit.reports();
  } finally {
    call.end();
  }
}

/** A call of fit that has begun: its data lie in the network's memory. */
class Fit {
  readonly #trainer: Trainer;
  readonly #plan: FitPlan;
  readonly #epochs: Epochs;
  /** Epochs done. */
  #epoch: number;
  /** Where the next epoch resumes. */
  #run: RunPlace | undefined;
  #isInEpoch = false;
  /** Why the last report has been given. */
  #stopped: Place['stopped'];
  #options: CallOptions | undefined;

  constructor(trainer: Trainer, plan: FitPlan) {
    this.#trainer = trainer;
    this.#plan = plan;
    const { data, optimizer, stopper, makeLbfgs } = plan;
    const place = trainer.loadSet(data, plan, () => this.#callOptions);
    trainer.endTimeBoxed();
    this.#epoch = place?.epoch ?? 0;
    this.#run = place?.run;
    this.#stopped = place?.stopped;
    if (place?.stopper && stopper) stopper.place = place.stopper;
    const runPlan: RunPlan = { ...plan, samples: data.samples, isTrial: makeLbfgs !== undefined };
    const runner = new EpochRunner(trainer.state, runPlan);
    this.#epochs = makeLbfgs ? makeLbfgs(trainer.state, runner, optimizer as Lbfgs, place?.lbfgs) : runner;
  }

  get place(): Place {
    const { stopper } = this.#plan;
    return {
      options: this.#callOptions,
      epoch: this.#epoch,
      run: (this.#isInEpoch ? this.#epochs.place : undefined) ?? this.#run,
      stopper: stopper?.place,
      lbfgs: this.#epochs.lbfgs,
      stopped: this.#stopped,
    };
  }

  get stepStart(): StepStart | undefined {
    return this.#epochs.stepStart;
  }

  async *reports(): AsyncGenerator<EpochReport, void, undefined> {
    await this.#standardize();
    this.#restoreBestAtEnd();
    while (!this.#isOver) {
      const report = this.#reportOn(await this.#trainEpoch());
      this.#epoch++;
      this.#notify(report);
      this.#restoreBestAtEnd();
      yield report;
    }
  }

  get #isOver(): boolean {
    return this.#stopped !== undefined || this.#epoch >= this.#plan.epochs;
  }

  /** What must be the same where this call resumes. Made where it is asked for: checksums of data take their time. */
  get #callOptions(): CallOptions {
    const { data, validation, stopper, optimizer } = this.#plan;
    this.#options ??= {
      ...this.#trainer.optionsOf('fit', data.samples, this.#plan),
      validation: validation && checksumOf(validation),
      earlyStopping: stopper?.spec,
      optimizer,
    };
    return this.#options;
  }

  /** Measures the columns of the training data, unless the network is standardised already. */
  async #standardize(): Promise<void> {
    const { standardize, data, signal } = this.#plan;
    if (!standardize || this.#trainer.standardization) return;
    const { measure, measured } = await import('../data/measure-columns.js');
    await measure(this.#trainer.arena, data.samples, 0, turnTaker(signal));
    this.#trainer.standardize(measured(this.#trainer.arena, data.samples));
  }

  async #trainEpoch(): Promise<EpochResult> {
    const { state } = this.#trainer;
    this.#isInEpoch = true;
    const result = await this.#epochs.run(this.#epoch, state.epochsTrained, this.#run);
    this.#isInEpoch = false;
    this.#run = undefined;
    state.countEpoch();
    return result;
  }

  /** The report on an epoch that has just been trained, after its validation. */
  #reportOn({ isStopped, ...result }: EpochResult): EpochReport {
    const { epochs, data, stopper } = this.#plan;
    const epoch = this.#epoch;
    const isWhole = result.samples === data.samples;
    const validation = isWhole ? this.#validate() : undefined;
    let stopped: EpochReport['stopped'];
    if (isWhole) {
      this.#trainer.state.clock.endEpoch((validation ?? result).cost);
      if (validation && stopper?.observe(epoch, validation, this.#trainer.arena)) stopped = 'earlyStopping';
    }
    if (this.#epochs.isDone) stopped = 'converged';
    if (isStopped) stopped = 'callback';
    // after the last epoch nothing is left to stop
    if (this.#isLast({ epoch, samples: result.samples })) stopped = undefined;
    return {
      epoch,
      epochs,
      ...result,
      secondsLeft: stopped ? 0 : this.#epochs.secondsLeft,
      ...(validation && { validation }),
      ...(stopper && (epoch > 0 || validation) && { bestEpoch: stopper.bestEpoch }),
      ...(stopped && { stopped }),
    };
  }

  /** Whether all epochs asked for are done to their end. */
  #isLast({ epoch, samples }: { readonly epoch: number; readonly samples: number }): boolean {
    return epoch + 1 === this.#plan.epochs && samples === this.#plan.data.samples;
  }

  #validate(): Evaluation | undefined {
    const { validation } = this.#plan;
    return validation && this.#epochs.timed(() => this.#trainer.validate(validation));
  }

  /** Calls back with a report, which says of the call whether it was the last. */
  #notify(report: EpochReport): void {
    // before the callback, which may save where the training stands
    this.#stopped = report.stopped;
    if (this.#plan.onEpoch?.(report) === false && !this.#isLast(report)) {
      report.stopped ??= 'callback';
      report.secondsLeft = 0;
    }
    this.#stopped = report.stopped;
  }

  /** At the end of the call, with early stopping: the parameters of the best epoch. */
  #restoreBestAtEnd(): void {
    const { stopper } = this.#plan;
    if (!this.#isOver || !stopper) return;
    stopper.restore(this.#trainer.arena);
    this.#trainer.state.pass.setParameters();
  }
}
