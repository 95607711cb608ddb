import {
  checkBoolean,
  checkInteger,
  checkName,
  checkNotNegative,
  checkObject,
  counted,
  keysOf,
  orDefault,
  outOfRange,
} from '../check/errors.js';
import type { Arena } from '../core/arena.js';
import { MAX_CONFUSION_OUTPUTS } from '../core/memory-plan.js';
import { pack, unpack } from '../core/parameters.js';
import type { CheckedData } from '../data/data-set.js';
import { type Goal, TASKS, type Task } from '../data/task.js';
import { checkTopK } from '../model/evaluate.js';
import { type Evaluation, isLoss, type MetricName, metricsOf } from '../model/metrics.js';
import type { StopperPlace } from './place.js';

// This file is loaded only if early stopping is asked for.

/** The numbers that early stopping can watch: the cost, or a metric that is a single number. */
export type Monitor = MetricName;

/**
 * Ends training once `patience` epochs in a row have not improved on the best one. When training ends, the network gets
 * the weights of its best epoch. Only after an error, an aborted signal or a `break` does it keep the last weights. The
 * optimizer keeps the state of the last epoch.
 */
export interface EarlyStopping {
  /**
   * The number that is watched, from the evaluation of the validation data: the cost, or a metric of the network's
   * task that is a single number. The cost and errors improve when they fall, all others when they rise.
   * @defaultValue `'cost'`
   */
  monitor?: Monitor | undefined;
  /**
   * k of `monitor: 'topKAccuracy'`, from 1 to the number of outputs. Only and always together with it.
   * @defaultValue none
   */
  topK?: number | undefined;
  /**
   * The number of epochs in a row without improvement, 1 to 2³¹ - 1, the last of which ends training. With 1, the
   * first epoch that is not better ends it.
   * @defaultValue `5`
   */
  patience?: number | undefined;
  /**
   * An epoch is an improvement if it is better by more than this. A number from 0 up.
   * @defaultValue `0`
   */
  minDelta?: number | undefined;
  /**
   * false: the network keeps the weights of its last epoch.
   * @defaultValue `true`
   */
  restoreBest?: boolean | undefined;
}

const EARLY_STOPPING_KEYS = keysOf<EarlyStopping>({
  patience: true,
  monitor: true,
  topK: true,
  minDelta: true,
  restoreBest: true,
});

type EarlyStoppingSpec = Required<Omit<EarlyStopping, 'topK'>> & Pick<EarlyStopping, 'topK'>;

/** `task`: what the network learns; undefined if it is not known yet. */
export function checkEarlyStopping(
  where: string,
  value: EarlyStopping,
  task: Task | undefined,
  outputs: number,
): EarlyStoppingSpec {
  checkObject(where, value, EARLY_STOPPING_KEYS);
  const { minDelta = 0, restoreBest = true, topK } = value;
  checkNotNegative(`${where}.minDelta`, minDelta);
  checkBoolean(`${where}.restoreBest`, restoreBest);
  const monitor = checkMonitor(`${where}.monitor`, orDefault(value.monitor, 'cost'), task);
  const isOfConfusion = monitor === 'balancedAccuracy' || (monitor === 'macroF1' && task === 'classes');
  if (isOfConfusion && outputs > MAX_CONFUSION_OUTPUTS) {
    const wanted = `at most ${MAX_CONFUSION_OUTPUTS} outputs, or another metric`;
    throw outOfRange(`${where}.monitor`, `"${monitor}" for ${counted(outputs, 'output')}`, wanted);
  }
  if (monitor === 'topKAccuracy') checkTopK(`${where}.topK`, topK, outputs);
  else if (topK !== undefined) throw outOfRange(`${where}.topK`, topK, 'none, or monitor: "topKAccuracy"');
  return {
    monitor,
    ...(topK !== undefined && { topK }),
    patience: checkInteger(`${where}.patience`, orDefault(value.patience, 5), 1, 2 ** 31 - 1),
    minDelta,
    restoreBest,
  };
}

function checkMonitor(where: string, value: unknown, task: Task | undefined): Monitor {
  const all = Array.from(new Set(TASKS.flatMap(metricsOf)));
  const known = task ? metricsOf(task) : all;
  if (known.includes(value as Monitor) || !all.includes(value as Monitor)) return checkName(where, value, known);
  throw outOfRange(where, `"${value}" for a network that learns ${task}`, `one of ${known.join(', ')} (net.task)`);
}

/** A stopper for a call with these options. Throws if there are no validation data. */
export function makeStopper(
  where: string,
  value: unknown,
  validation: CheckedData | undefined,
  { task }: Goal,
  outputs: number,
): EarlyStopper {
  const spec = checkEarlyStopping(where, value as EarlyStopping, task, outputs);
  if (!validation) throw new TypeError(`${where}: got no validation data, want validation or validationSplit`);
  return new EarlyStopper(spec);
}

/** Watches the validation of each epoch, and keeps a copy of the best epoch's parameters. */
export class EarlyStopper {
  /** The best epoch so far. */
  bestEpoch = 0;
  readonly spec: EarlyStoppingSpec;
  #best = Number.POSITIVE_INFINITY;
  #waited = 0;
  #parameters: Float32Array | undefined;

  constructor(spec: EarlyStoppingSpec) {
    this.spec = spec;
  }

  get place(): StopperPlace {
    return { best: this.#best, waited: this.#waited, bestEpoch: this.bestEpoch, parameters: this.#parameters };
  }

  set place({ best, waited, bestEpoch, parameters }: StopperPlace) {
    this.#best = best;
    this.#waited = waited;
    this.bestEpoch = bestEpoch;
    this.#parameters = parameters;
  }

  /** To be called after an epoch. Returns true if training should end. */
  observe(epoch: number, evaluation: Evaluation, arena: Arena): boolean {
    const { monitor, patience, minDelta, restoreBest } = this.spec;
    const metric = evaluation[monitor] as number;
    const value = isLoss(monitor) ? metric : -metric;
    // the first epoch is always the best so far, even if its value is NaN
    if (!(value < this.#best - minDelta || epoch === 0)) {
      this.#waited++;
      return this.#waited >= patience;
    }
    this.#best = Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
    this.#waited = 0;
    this.bestEpoch = epoch;
    if (restoreBest) {
      this.#parameters = unpack(arena, arena.plan.parameters);
    }
    return false;
  }

  /** Writes the best epoch's parameters back into the network. */
  restore(arena: Arena): void {
    if (this.#parameters) pack(arena, arena.plan.parameters, this.#parameters);
  }
}
