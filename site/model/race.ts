import { type EpochReport, Network } from 'simdprop';
import { messageOf } from './message.js';
import { makeOptimizer, OPTIMIZER_NAMES, type OptimizerName } from './optimizers.js';
import type { PlaygroundState } from './playground-state.js';
import { createNetwork, dataSetOf, splitPoints, stepOptions } from './session.js';

// The twelve optimizers train twelve networks with the same initial weights on the same data, an epoch at a time.

export interface Runner {
  readonly name: OptimizerName;
  readonly rate: number;
  /** The mean cost of each epoch so far. */
  readonly costs: number[];
  /** Why it has stopped, if it has. */
  end: string | undefined;
}

export const RACE_EPOCHS = 150;

/** Loads the code that only L-BFGS needs, which the library fetches when it first trains with it. */
export async function loadOptimizers(): Promise<void> {
  const net = await Network.create({ inputs: 1, layers: [{ units: 1 }] });
  await net.fit({ inputs: [[0], [1]], targets: [[0], [1]] }, { epochs: 1, optimizer: makeOptimizer('lbfgs', 1) });
  net.dispose();
}

export class Race {
  readonly runners: readonly Runner[];
  readonly #reports: readonly AsyncGenerator<EpochReport>[];
  readonly #nets: readonly Network[];

  private constructor(runners: Runner[], nets: Network[], reports: AsyncGenerator<EpochReport>[]) {
    this.runners = runners;
    this.#nets = nets;
    this.#reports = reports;
  }

  static async create(state: PlaygroundState, rates: Readonly<Record<OptimizerName, number>>): Promise<Race> {
    const { training } = splitPoints(state);
    const data = dataSetOf(training, state);
    const nets = await Promise.all(OPTIMIZER_NAMES.map(() => createNetwork(state)));
    const runners = OPTIMIZER_NAMES.map((name) => ({ name, rate: rates[name], costs: [], end: undefined }));
    const reports = runners.map(({ name, rate }, i) => {
      const options = stepOptions({ optimizer: name, rate, batch: state.batch }, training.length);
      return nets[i].train(data, { epochs: RACE_EPOCHS, ...options });
    });
    return new Race(runners, nets, reports);
  }

  get isOver(): boolean {
    return this.runners.every(({ end }) => end !== undefined);
  }

  /** One epoch of every runner that has not stopped. After each epoch, all wait until the page has drawn. */
  async round(): Promise<void> {
    await Promise.all(this.runners.map((runner, i) => this.#advance(runner, this.#reports[i])));
  }

  async #advance(runner: Runner, reports: AsyncGenerator<EpochReport>): Promise<void> {
    if (runner.end !== undefined) return;
    try {
      const { done, value } = await reports.next();
      if (done) runner.end = 'all epochs';
      else {
        runner.costs.push(value.cost);
        if (value.stopped) runner.end = value.stopped;
      }
    } catch (error) {
      runner.end = messageOf(error);
    }
  }

  async dispose(): Promise<void> {
    for (const reports of this.#reports) await reports.return(undefined);
    for (const net of this.#nets) net.dispose();
  }
}
