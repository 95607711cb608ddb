import { Bench, type Fn } from 'tinybench';

// The sections of `npm run bench`: the form in which run.ts gets them, and the function by which they measure in turns.

/** One table of the benchmark. */
export interface Section {
  /** A name for its rows. The option --only searches this name, followed by the row's name, for its text. */
  name: string;
  /** The names of all rows. */
  rows: readonly string[];
  /**
   * Measures the rows of these names. `rows` goes into the results file as it is. `plot` is an SVG that --plot writes
   * to a file.
   */
  measure(names: readonly string[]): Promise<{ rows: readonly object[]; table: string; plot?: string }>;
}

export interface Contender {
  name: string;
  /** Returns { overriddenDuration } in milliseconds, as tinybench has it, if only this part of the call counts. */
  run: Fn;
  isAsync: boolean;
}

export interface Rounds {
  /** Rounds that are measured. */
  rounds: number;
  /** Rounds before those, which only warm up. */
  warmUpRounds: number;
  /** Runs of each contender in a round. */
  iterations: number;
}

/**
 * Runs the contenders in turns. Returns, for each contender and round, the milliseconds of a run: the median of the
 * iterations. Every round begins with another contender, so that whatever else the machine does affects all alike.
 * Compare numbers of the same round only.
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
    // without `async`, tinybench would call the function once more to find out
    bench.add(name, counted, { async: isAsync });
    return bench.getTask(name)!;
  });
  const times: number[][] = contenders.map(() => []);
  for (let round = 0; round < warmUpRounds + rounds; ++round) {
    for (let turn = 0; turn < tasks.length; ++turn) {
      const c = (round + turn) % tasks.length;
      const task = tasks[c];
      // without a reset, a completed task would return its old result
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
