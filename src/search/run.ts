import { throwIfAborted } from '../check/abort.js';
import { checkName, outOfRange } from '../check/errors.js';
import { isPromise } from '../check/promises.js';
import { metricsOf } from '../model/metrics.js';
import { makeYield } from '../training/event-loop.js';
import { checkSetting, functionIn } from './check-setting.js';
import type { Experiment } from './experiment.js';
import { halfOf } from './halving.js';
import { jobToSend } from './job.js';
import { Logbook } from './log.js';
import { checkOutcome } from './outcome-json.js';
import { type Job, type Outcome, trainPart } from './part.js';
import type { SearchPlan } from './plan.js';
import { Pool } from './pool.js';
import { Progress } from './progress.js';
import type { Setting } from './space.js';
import { sumOfMaterial } from './sums.js';
import { ranked, tally } from './tally.js';
import type { SearchMetric, SearchResult, Trial } from './types.js';

// The work of a search: trains every setting on every part of the data, in rounds, and compares the results. A result
// does not depend on when and where it was computed, so neither does the order of the settings.

/**
 * The most bytes of networks that are kept for the next round. Networks that do not fit are trained again from the
 * beginning.
 */
const MOST_SAVED_BYTES = 2 ** 28;

/** Trains with a lane: a worker, or this thread. */
type Train = (job: Job, lane: number) => Promise<Outcome>;

/** Trains all settings, and returns their results and the best. */
export const runSearch = (plan: SearchPlan): Promise<SearchResult> => run(plan, (search) => search.run());

/** Trains the settings of the plan's share, and returns their results. */
export const runShare = (plan: SearchPlan): Promise<readonly Trial[]> => run(plan, (search) => search.runShare());

/** Checks all settings, and lets a search work. */
async function run<T>(plan: SearchPlan, work: (search: Search) => Promise<T>): Promise<T> {
  const { signal, log, identity, workers, createWorker, material, train } = plan;
  throwIfAborted(signal);
  const pool = train || workers === 0 ? undefined : new Pool(workers, createWorker, material);
  try {
    // the workers start meanwhile
    const metric = await checkSettings(plan);
    const book = log && (await Logbook.open(log, identity));
    await pool?.start();
    const search = new Search(plan, metric, book, howToTrain(plan, pool));
    // a network in this thread sees the signal itself, so that it has been disposed of when the search ends
    return await (pool || train ? abortable(work(search), signal) : work(search));
  } finally {
    pool?.stop();
  }
}

/** The way in which a plan is to train. */
function howToTrain({ material, signal, train }: SearchPlan, pool: Pool | undefined): Train {
  if (pool) return (job, lane) => pool.run(lane, job);
  if (!train) return (job) => trainPart(material, job, signal);
  const sum = sumOfMaterial(material);
  return async (job) => checkOutcome('options.train', await train(jobToSend(job, material, sum)));
}

/** Checks every setting. Returns the metric by which they are compared. */
async function checkSettings({ settings, material, metric, signal }: SearchPlan): Promise<SearchMetric> {
  const pause = makeYield(signal);
  let checked: SearchMetric = 'cost';
  let first: ReturnType<typeof kindOfCost> | undefined;
  for (const setting of settings) {
    const experiment = await checkSetting(setting, material);
    const names = metricsOf(experiment.goal.task).filter((name): name is SearchMetric => name !== 'topKAccuracy');
    checked = checkName('options.metric', metric, names);
    const kind = kindOfCost(experiment);
    first ??= kind;
    if (checked === 'cost' && kind !== first) {
      const wanted = `another metric, such as "${names[1]}": costs of different kinds cannot be compared`;
      throw outOfRange('options.metric', '"cost" for settings whose costs differ', wanted);
    }
    await pause();
  }
  return checked;
}

/** A promise that rejects at once if the signal is aborted. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await work;
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
  });
  try {
    throwIfAborted(signal);
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort as () => void);
  }
}

/** A search whose arguments have been checked. */
class Search {
  readonly #plan: SearchPlan;
  readonly #metric: SearchMetric;
  readonly #book: Logbook | undefined;
  readonly #train: Train;
  readonly #progress: Progress;
  /** The networks of trainings that continue in the next round, as files. */
  readonly #saved = new Map<string, Uint8Array>();
  #savedBytes = 0;

  constructor(plan: SearchPlan, metric: SearchMetric, book: Logbook | undefined, train: Train) {
    this.#plan = plan;
    this.#metric = metric;
    this.#book = book;
    this.#train = train;
    this.#progress = new Progress(plan.rounds, plan.parts, metric);
  }

  async run(): Promise<SearchResult> {
    const metric = this.#metric;
    const trials: Trial[] = [];
    let left = this.#plan.trials;
    for (const round of this.#plan.rounds.keys()) {
      const trained = await this.#runRound(left, round);
      for (const trial of trained) trials[trial.trial] = trial;
      left = ranked(trained, metric)
        .slice(0, halfOf(trained.length))
        .map(({ trial }) => trial);
    }
    const best = trials[left[0]];
    if (Number.isNaN(best.score)) {
      const reason = best.error ?? `${metric} is not a number`;
      throw new Error(`search: got no setting with a score (${reason}), want other settings or other data`);
    }
    return { best, trials, metric };
  }

  /** A share has one round. */
  runShare(): Promise<readonly Trial[]> {
    return this.#runRound(this.#plan.trials, 0);
  }

  /** Trains the settings of a round. */
  async #runRound(left: readonly number[], round: number): Promise<Trial[]> {
    const { parts, workers } = this.#plan;
    this.#progress.beginRound();
    const outcomes = new Map(left.map((trial) => [trial, new Array<Outcome | undefined>(parts).fill(undefined)]));
    const places = left.flatMap((trial) => Array.from({ length: parts }, (_, part) => ({ trial, part, round })));
    let next = 0;
    let hasFailed = false;
    const work = async (lane: number) => {
      while (next < places.length && !hasFailed) {
        const place = places[next++];
        const { trial, part } = place;
        const all = outcomes.get(trial) as (Outcome | undefined)[];
        all[part] = await this.#outcomeOf(place, lane);
        if (all.every((outcome) => outcome !== undefined)) this.#progress.rank({ trial, ...tally(all, this.#metric) });
        const answer = this.#plan.onProgress?.(this.#progress.report);
        if (isPromise(answer)) await answer;
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.max(workers, 1) }, (_, lane) => work(lane)));
    } catch (error) {
      hasFailed = true;
      throw error;
    }
    return left.map((trial) => this.#trialOf(trial, outcomes.get(trial) as Outcome[], round));
  }

  /** The outcome of a training, from the log if it has it. */
  async #outcomeOf(place: Pick<Job, 'trial' | 'part' | 'round'>, lane: number): Promise<Outcome> {
    const round = this.#plan.rounds[place.round];
    const found = this.#book?.outcomeOf(place);
    if (found) {
      this.#progress.count(round, true);
      return found;
    }
    const { saved, ...outcome } = await this.#train(this.#jobAt(place), lane);
    if (saved) this.#keep(place, saved);
    await this.#book?.add(place, outcome);
    this.#progress.count(round, false);
    return outcome;
  }

  #jobAt(place: Pick<Job, 'trial' | 'part' | 'round'>): Job {
    const { settings, rounds } = this.#plan;
    const setting = settings[place.trial];
    const key = `${place.trial}/${place.part}`;
    const saved = this.#saved.get(key);
    if (this.#saved.delete(key)) this.#savedBytes -= (saved as Uint8Array).length;
    return {
      ...place,
      network: setting.network,
      options: setting.options,
      calls: rounds.slice(0, place.round + 1).map(({ epochs = setting.options.epochs }) => epochs),
      saved,
      isSaved: place.round < rounds.length - 1 && isSavable(setting),
    };
  }

  #keep({ trial, part }: Pick<Job, 'trial' | 'part'>, saved: Uint8Array): void {
    if (this.#savedBytes + saved.length > MOST_SAVED_BYTES) return;
    this.#saved.set(`${trial}/${part}`, saved);
    this.#savedBytes += saved.length;
  }

  #trialOf(trial: number, outcomes: readonly Outcome[], round: number): Trial {
    const { settings, rounds } = this.#plan;
    const { network, options, values } = settings[trial];
    const epochs = rounds.slice(0, round + 1).reduce((sum, { epochs = 0 }) => sum + epochs, 0);
    return {
      trial,
      values,
      network,
      options: { ...options, ...(epochs > 0 && { epochs }) },
      ...tally(outcomes, this.#metric),
    };
  }
}

/** True if the network of a training can be saved and loaded without anything that a file cannot hold. */
const isSavable = (setting: Setting) => functionIn(setting) === undefined && !setting.options.ignoreNonFinite;

/** A text that is the same for costs that can be compared. */
const kindOfCost = ({ spec, options: { standardize } }: Experiment) =>
  JSON.stringify([
    spec.cost,
    spec.huberDelta,
    spec.labelSmoothing,
    standardize === 'targets' || standardize === 'both',
  ]);
