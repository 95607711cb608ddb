import { joinTeam } from '../../src/mpi.js';

// Checks in a program that several processes run under mpirun: `npm run test:mpi` starts them and adds up the counts.

/** All steps are shared, however small. */
export const team = await joinTeam({
  library: process.env.MPI_LIBRARY,
  leastWork: Number(process.env.LEAST_WORK ?? 0),
});

let passed = 0;
let failed = 0;

/** Counts a check. Every process must make the same ones. */
export function check(name: string, isRight: boolean): void {
  if (isRight) passed++;
  else failed++;
  if (!isRight) console.log(`failed in rank ${team.rank} of ${team.size}: ${name}`);
}

/** Counts a check that a call throws an error whose message contains `part`. */
export async function refused(name: string, call: () => unknown, part: string): Promise<void> {
  try {
    await call();
  } catch (error) {
    const { message } = error as Error;
    return check(`${name}: got ${message}, want ${part}`, message.includes(part));
  }
  check(`${name}: got no error, want ${part}`, false);
}

/** True if both arrays of bytes are equal. */
export const areEqual = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

process.on('exit', () => console.log(`RESULT ${JSON.stringify({ rank: team.rank, passed, failed })}`));
