import type { Mpi } from './mpi-library.js';

// Before processes do something together, each says what it is about to do. If that differs, all of them throw the same
// error, instead of waiting for each other or computing with each other's numbers.

/** What processes do together, as errors name it. */
const ACTIONS = {
  join: 'joinTeam',
  create: 'Network.create or Network.load',
  begin: 'the start of fit, train, fitStream or replayTo',
  steps: 'steps of training',
  batch: 'trainBatch',
  apply: 'applyGradients',
  check: 'a check of the numbers that training leaves',
  clock: 'a look at the clock between steps',
  state: 'save({ training: true }) or a look at the state of the optimizer',
  answer: 'the end of a callback',
  leave: 'the end of the program',
} as const;

export type Action = keyof typeof ACTIONS;

const NAMES = Object.keys(ACTIONS) as Action[];

/** The numbers of a message: the action, the number of the network, and up to this many others. */
const MOST_NUMBERS = 8;

/** What must be equal in all processes: fingerprints by the words that errors use. */
type Checks = Readonly<Record<string, number>>;

/** What processes are about to do differs. All of them throw it at once, so that none needs to tell the others. */
export class MismatchError extends Error {}

/** The messages of the processes of a team. */
export class Agreement {
  readonly #mpi: Mpi;
  readonly #own = new Float64Array(2 + MOST_NUMBERS);

  constructor(mpi: Mpi) {
    this.#mpi = mpi;
  }

  /**
   * All processes must call this with the same action, for the same network, and with the same `checks`; else all throw
   * the same error. Returns the `values` of each process, by rank.
   *
   * @param network the number of the network; 0: the action is about none
   */
  meet(action: Action, network: number, checks: Checks = {}, values: readonly number[] = []): readonly number[][] {
    const { size } = this.#mpi;
    const names = Object.keys(checks);
    const own = this.#own.fill(0);
    own.set([NAMES.indexOf(action), network, ...Object.values(checks), ...values]);
    const all = this.#mpi.collect(own);
    const of = (rank: number, i: number) => all[rank * own.length + i];
    for (let rank = 1; rank < size; rank++) {
      if (of(rank, 0) !== of(0, 0) || of(rank, 1) !== of(0, 1)) {
        const show = (r: number) => `${ACTIONS[NAMES[of(r, 0)]]}${of(r, 1) > 0 ? ` of network ${of(r, 1)}` : ''}`;
        const got = `rank ${rank} at ${show(rank)} and rank 0 at ${show(0)}`;
        throw new MismatchError(`team: got ${got}, want the same calls in the same order in each`);
      }
      for (const [i, name] of names.entries()) {
        if (of(rank, 2 + i) === of(0, 2 + i)) continue;
        const got = `other ${name} in rank ${rank} than in rank 0`;
        throw new MismatchError(`${ACTIONS[action]}: got ${got}, want the same in each`);
      }
    }
    const first = 2 + names.length;
    return Array.from({ length: size }, (_, rank) => values.map((_, i) => of(rank, first + i)));
  }
}
