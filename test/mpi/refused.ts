import { setTimeout } from 'node:timers/promises';
import { joinTeam } from '../../src/mpi.js';

// What joinTeam says where no team can be made.

try {
  await joinTeam({ library: process.env.MPI_LIBRARY });
} catch (error) {
  console.log(`REFUSED ${(error as Error).message}`);
  process.exitCode = 1;
}
// mpirun kills the others as soon as one process has ended: each gets the time to say the same
await setTimeout(2000);
