import { median, pairedRatio } from '../../bench/medians.js';
import { type Contest, type ContestantName, describe, type Run } from './bench.js';
import { CONTESTANT_NAMES, CONTESTANTS } from './contestants.js';

// What the runs of a contest come to, as rows of numbers and as text.

/** A contestant in a contest. */
export interface Line {
  readonly contestant: ContestantName;
  /** Samples a second, the median of the rounds. */
  readonly speed?: number;
  /** How many times as fast simdprop is: the median of the ratios of the rounds. */
  readonly ratio?: number;
  /** The mean cost over the training. */
  readonly cost?: number;
  /** Why it takes no part. */
  readonly missing?: string;
}

export class ContestResult {
  readonly contest: Contest;
  readonly #runs = new Map<ContestantName, Run[]>();
  readonly #missing = new Map<ContestantName, string>();

  constructor(contest: Contest) {
    this.contest = contest;
  }

  add(contestant: ContestantName, run: Run): void {
    const runs = this.#runs.get(contestant) ?? [];
    runs.push(run);
    this.#runs.set(contestant, runs);
  }

  leaveOut(contestant: ContestantName, why: string): void {
    this.#missing.set(contestant, why);
  }

  /** The rounds that are measured so far. */
  get rounds(): number {
    return this.#runs.get('simdprop')?.length ?? 0;
  }

  /** All contestants. Ratios are of the rounds in which both have run. */
  lines(): Line[] {
    const timesOf = (contestant: ContestantName) => (this.#runs.get(contestant) ?? []).map(({ sampleMs }) => sampleMs);
    const ours = timesOf('simdprop');
    return CONTESTANT_NAMES.map((contestant): Line => {
      const times = timesOf(contestant);
      const rounds = Math.min(times.length, ours.length);
      if (times.length === 0) return { contestant, missing: this.#missing.get(contestant) };
      return {
        contestant,
        speed: 1000 / median(times),
        ratio: rounds > 0 ? pairedRatio(times.slice(0, rounds), ours.slice(0, rounds)) : undefined,
        cost: this.#runs.get(contestant)?.at(-1)?.cost,
      };
    });
  }
}

/** Numbers as they are shown: samples a second, ratio, cost. */
export const cellsOf = ({ speed, ratio, cost }: Line): string[] => [
  speed === undefined ? '' : Number(speed.toPrecision(3)).toLocaleString('en-US'),
  ratio === undefined ? '' : `${ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(1)}x`,
  cost === undefined ? '' : cost.toFixed(5),
];

export const HEAD = ['library', 'samples/s', 'simdprop / this', 'mean cost'] as const;

/** The results as a text in Markdown. `where`: the browser, the machine and the day. */
export function markdownOf(results: readonly ContestResult[], where: string): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const tables = results.map((result) =>
    [
      `### ${result.contest.name}`,
      '',
      `${describe(result.contest)}; medians of ${result.rounds} rounds.`,
      '',
      row(HEAD),
      '| --- | --: | --: | --: |',
      ...result.lines().map((line) => {
        const { name } = CONTESTANTS[line.contestant];
        return line.missing ? row([name, '', '', `not measured: ${line.missing}`]) : row([name, ...cellsOf(line)]);
      }),
    ].join('\n'),
  );
  return [
    '## Training in one browser tab: simdprop and others',
    `${where}. One thread each, in turns, from the same weights, on the same digits of MNIST.`,
    ...tables,
  ].join('\n\n');
}
