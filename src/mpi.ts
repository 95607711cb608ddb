/**
 * A team of processes, on one machine or on several, that trains a network together, over Open MPI or MPICH.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import {
  checkNoMore,
  checkNotNegative,
  checkObject,
  keysOf,
  orDefault,
  outOfRange,
  wrongType,
} from './check/errors.js';
import type { ProcessTeam } from './core/core-options.js';
import { type Mpi, startMpi } from './processes/mpi-library.js';
import { MpiTeam } from './processes/team.js';

export type { ProcessTeam };

/** The team that `joinTeam` returns. */
export interface Team extends ProcessTeam {
  /** The name and version of the MPI library, such as `Open MPI v4.1.4`. */
  readonly library: string;
}

/** Options of `joinTeam`. */
export interface JoinOptions {
  /**
   * The path of the MPI library, or its name as the system's loader finds it, such as `libmpich.so.12`. It must be that
   * of the mpirun that has started the processes.
   * @defaultValue Open MPI or MPICH, whichever has started this process
   */
  library?: string | undefined;
  /**
   * How many multiplications (rows × weights) a step needs for the processes to share it, 0 or more. Each process
   * computes smaller steps as a whole, because the exchange would take longer. It must be the same in all of them.
   * @defaultValue `4_000_000`, for processes on one machine; over TCP, several times as many are better
   */
  leastWork?: number | undefined;
}

const KEYS = keysOf<JoinOptions>({ library: true, leastWork: true });

const DEFAULT_WORK = 4_000_000;

/** The first call, unless it has found no library. */
let first: { readonly library: string | undefined; readonly leastWork: number; team: Promise<MpiTeam> } | undefined;

/**
 * Joins the team of all processes that `mpirun` has started. Each runs the same program. A process that was started
 * without `mpirun` is a team of one. Needs the package `koffi`, and Open MPI or MPICH.
 *
 * With `team` among the options of `Network.create` or `Network.load`, the processes share the steps of training. The
 * bits of every result are those of one process. All processes must make the same calls with the same data; what
 * differs is refused with an error in all of them. If one of them fails, all end: see docs/mpi.md.
 *
 * @param options which library to use, and which steps to share
 * @returns the team; the same one for every call
 * @throws Error if koffi or an MPI library is missing, if the library does not see the processes that were started, if
 *   they have different versions of simdprop, or in a worker thread; TypeError for wrong options; RangeError for others
 *   than in the first call
 *
 * @example
 * import { Network } from 'simdprop';
 * import { joinTeam } from 'simdprop/mpi';
 *
 * // for a program that starts as: mpirun -np 4 node train.mjs
 * async function train(data) {
 *   const team = await joinTeam();
 *   const net = await Network.create({ inputs: 2, layers: [{ units: 1 }], seed: 1, team });
 *   await net.fit(data);
 *   if (team.rank === 0) console.log(`trained by ${team.size} processes`);
 * }
 */
export async function joinTeam(options: JoinOptions = {}, none?: undefined): Promise<Team> {
  checkNoMore('joinTeam', 2, none);
  checkObject('options', options, KEYS);
  const { library } = options;
  const leastWork = checkNotNegative('options.leastWork', orDefault(options.leastWork, DEFAULT_WORK));
  if (library !== undefined && typeof library !== 'string') {
    throw wrongType('options.library', library, 'the path of an MPI library');
  }
  if (!isMainThread) throw new Error('joinTeam: got a worker thread, want the main thread of each process');
  first ??= { library, leastWork, team: join(library, leastWork) };
  for (const key of KEYS) {
    if (options[key] === undefined || options[key] === first[key]) continue;
    const wanted = `${first[key] ?? 'none'}, as in the first call: a process joins one team`;
    throw outOfRange(`options.${key}`, options[key], wanted);
  }
  return await first.team;
}

async function join(library: string | undefined, leastWork: number): Promise<MpiTeam> {
  let mpi: Mpi;
  try {
    mpi = await startMpi(library);
  } catch (error) {
    // the next call may name another library
    first = undefined;
    throw error;
  }
  return MpiTeam.join(versionOfPackage(), mpi, leastWork);
}

function versionOfPackage(): string {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(file) as { version: string }).version;
}
