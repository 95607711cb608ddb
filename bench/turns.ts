import { Bench, type Fn } from 'tinybench';

// What the sections of `npm run bench` share: measuring in turns, and how run.ts knows them.

/** One table of the benchmark. */
export interface Section {
  /** What its rows are; --only looks for its text in this and the row's name. */
  name: string;
  /** The names of all rows. */
  rows: readonly string[];
  /** Measures the rows of these names. `rows` goes into the results file as it is, `plot`, an SVG, where --plot says. */
  measure(names: readonly string[]): Promise<{ rows: readonly object[]; table: string; plot?: string }>;
}

export interface Contender {
  name: string;
  /** May return the milliseconds that count as tinybench's `overriddenDuration`, where they are not all of the call's. */
  run: Fn;
  isAsync: boolean;
}

export interface Rounds {
  rounds: number;
  /** Rounds that go before them. */
  warmUpRounds: number;
  /** Runs a contender and round. */
  iterations: number;
}

/**
 * Milliseconds of a run, for each contender one number a round: the median of its iterations. In each round all take turns, and each
 * round another begins, so that what the machine does meanwhile hits all alike: compare numbers of the same round.
 */
export async function takeTurns(
  contenders: readonly Contender[],
  { rounds, warmUpRounds, iterations }: Rounds,
): Promise<number[][]> {
  const bench = new Bench({ time: 0, iterations, warmup: false, throws: true });
  const runs = contenders.map(() => 0);
  const tasks = contenders.map(({ name, run, isAsync }, c) => {
    const counted = () => {
      ++runs[c];
      return run();
    };
    // said, for tinybench would call the function once more to find out
    bench.add(name, counted, { async: isAsync });
    return bench.getTask(name)!;
  });
  const times: number[][] = contenders.map(() => []);
  for (let round = 0; round < warmUpRounds + rounds; ++round) {
    for (let turn = 0; turn < tasks.length; ++turn) {
      const c = (round + turn) % tasks.length;
      const task = tasks[c];
      // a task that is completed would return its old result
      task.reset();
      const { result } = await task.run();
      if (result.state !== 'completed') throw new Error(`${task.name} is ${result.state}`);
      times[c].push(result.latency.p50);
    }
  }
  const wanted = (warmUpRounds + rounds) * iterations;
  contenders.forEach(({ name }, c) => {
    if (runs[c] !== wanted) throw new Error(`${name}: got ${runs[c]} runs, want ${wanted}: some results are old ones`);
  });
  return times.map((all) => all.slice(warmUpRounds));
}
