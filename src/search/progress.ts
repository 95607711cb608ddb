import { readTimer } from '../training/timer.js';
import type { Round } from './halving.js';
import { ranked } from './tally.js';
import type { SearchMetric, SearchProgress, Trial } from './types.js';

/** Counts the trainings of a search. */
export class Progress {
  readonly #start = readTimer();
  readonly #metric: SearchMetric;
  readonly #total: number;
  /** Work is counted in epochs if rounds say how many. */
  readonly #work: number;
  #done = 0;
  #workDone = 0;
  /** Work that an earlier run has done. */
  #workFound = 0;
  #best: Pick<Trial, 'trial' | 'score'> | undefined;

  /** `parts`: the number of trainings of a setting in a round. */
  constructor(rounds: readonly Round[], parts: number, metric: SearchMetric) {
    this.#metric = metric;
    this.#total = rounds.reduce((sum, { settings }) => sum + settings * parts, 0);
    this.#work = rounds.reduce((sum, { settings, epochs = 1 }) => sum + settings * parts * epochs, 0);
  }

  /** Scores get better from round to round, so only scores of the same round are compared. */
  beginRound(): void {
    this.#best = undefined;
  }

  /** A training has ended. `isFound`: it ended in an earlier run. */
  count({ epochs = 1 }: Round, isFound: boolean): void {
    this.#done++;
    this.#workDone += epochs;
    if (isFound) this.#workFound += epochs;
  }

  /** All trainings of a setting in this round have ended. */
  rank(trial: Pick<Trial, 'trial' | 'score'>): void {
    if (Number.isNaN(trial.score)) return;
    [this.#best] = ranked([...(this.#best ? [this.#best] : []), trial], this.#metric);
  }

  get report(): SearchProgress {
    const elapsedMs = readTimer() - this.#start;
    const own = this.#workDone - this.#workFound;
    return {
      done: this.#done,
      total: this.#total,
      elapsedMs,
      secondsLeft: own === 0 ? undefined : ((elapsedMs / 1000) * (this.#work - this.#workDone)) / own,
      best: this.#best?.trial,
      bestScore: this.#best?.score,
    };
  }
}
