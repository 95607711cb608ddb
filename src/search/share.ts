import { checkInteger, checkNoMore, checkObject, outOfRange, quote } from '../check/errors.js';

// The trials of one task of a job array: a scheduler starts n processes and tells each its number.

/** Trial `index` of every `count`: the trials index, index + count, index + 2 count, ... */
export interface TrialShare {
  /** The number of the task, counted from 0. */
  readonly index: number;
  /** The number of tasks. */
  readonly count: number;
}

const MOST_TASKS = 2 ** 31 - 1;

/**
 * The trials of one process of n: trial i of every n, which are the trials i, i + n, i + 2n, ... Without arguments, a
 * task of a Slurm job array finds both numbers in its environment: SLURM_ARRAY_TASK_ID, counted from
 * SLURM_ARRAY_TASK_MIN in steps of SLURM_ARRAY_TASK_STEP, and SLURM_ARRAY_TASK_COUNT. A pod of an Indexed Job of
 * Kubernetes finds only its own number there, JOB_COMPLETION_INDEX, and needs the number of completions as `n`.
 *
 * @param i the number of this process, counted from 0; undefined: that of the environment
 * @param n the number of processes; undefined: that of the environment
 * @returns the share, for `trainTrials`
 * @throws TypeError or RangeError for wrong numbers, and if the environment lacks them or contradicts itself or `n`
 *
 * @example
 * import { trial } from 'simdprop/search';
 *
 * console.log(trial(2, 8)); // { index: 2, count: 8 }
 */
export function trial(i?: number, n?: number, none?: undefined): TrialShare {
  checkNoMore('trial', 3, none);
  const found = i === undefined ? shareOfEnvironment(n) : { index: i, count: n };
  const count = checkInteger('trial: n', found.count, 1, MOST_TASKS);
  return { index: checkInteger('trial: i', found.index, 0, count - 1), count };
}

/** Checks a share of `settings` settings. */
export function checkShare(where: string, share: unknown, settings: number): TrialShare {
  checkObject(where, share, ['index', 'count'], 'trial(i, n), or trial() in a job array');
  const count = checkInteger(`${where}.count`, (share as TrialShare).count, 1, MOST_TASKS);
  const index = checkInteger(`${where}.index`, (share as TrialShare).index, 0, count - 1);
  if (count <= settings) return { index, count };
  throw outOfRange(where, `trial ${index} of ${count} for ${settings} settings`, 'at most one process for each');
}

/** The numbers of the settings of a share. */
export const trialsOf = ({ index, count }: TrialShare, settings: number) =>
  Array.from({ length: Math.ceil((settings - index) / count) }, (_, k) => index + k * count);

type Environment = Readonly<Record<string, string | undefined>>;

function shareOfEnvironment(n: number | undefined): { index: number; count: number | undefined } {
  const env: Environment = globalThis.process?.env ?? {};
  const isSlurm = env.SLURM_ARRAY_TASK_ID !== undefined;
  const isKubernetes = env.JOB_COMPLETION_INDEX !== undefined;
  const way = 'trial(i, n) with the number of this process and of all';
  if (isSlurm && isKubernetes) {
    throw outOfRange('trial', 'both SLURM_ARRAY_TASK_ID and JOB_COMPLETION_INDEX', `one of them, or ${way}`);
  }
  if (isSlurm) return shareOfSlurm(env, n);
  if (!isKubernetes) {
    throw outOfRange('trial', 'neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX in the environment', way);
  }
  const index = numberIn(env, 'JOB_COMPLETION_INDEX');
  if (n !== undefined) return { index, count: n };
  throw outOfRange(
    'trial',
    `JOB_COMPLETION_INDEX ${index} alone`,
    'the completions of the job, as trial(undefined, 8)',
  );
}

function shareOfSlurm(env: Environment, n: number | undefined): { index: number; count: number } {
  const id = numberIn(env, 'SLURM_ARRAY_TASK_ID');
  const count = numberIn(env, 'SLURM_ARRAY_TASK_COUNT');
  const first = numberIn(env, 'SLURM_ARRAY_TASK_MIN');
  const step = numberIn(env, 'SLURM_ARRAY_TASK_STEP', 1);
  const last = numberIn(env, 'SLURM_ARRAY_TASK_MAX', first + (count - 1) * step);
  const index = (id - first) / step;
  // the last number may be that of the range given, which a step need not reach
  const isWhole = step > 0 && Math.floor((last - first) / step) === count - 1;
  if (!isWhole || !Number.isInteger(index) || index < 0 || index >= count) {
    const shown = `task ${id} of an array of ${count} from ${first} to ${last} in steps of ${step}`;
    throw outOfRange('trial', shown, 'an array without gaps, such as --array=0-7; or trial(i, n)');
  }
  if (n === undefined || n === count) return { index, count };
  throw outOfRange('trial: n', n, `${count}, which is SLURM_ARRAY_TASK_COUNT; or trial(i, n)`);
}

/** A count in the environment. */
function numberIn(env: Environment, name: string, fallback?: number): number {
  const text = env[name];
  if (text === undefined && fallback !== undefined) return fallback;
  if (text !== undefined && /^\d{1,10}$/.test(text)) return Number(text);
  throw outOfRange(`trial: ${name}`, text === undefined ? 'none' : quote(text), 'a number; or trial(i, n)');
}
