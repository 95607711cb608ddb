// Run by bench/mpi.ts under mpirun: the same training by rank 0 alone, by each process for itself at the same time, and
// by the whole team, in turns. While rank 0 works alone, the others sleep. Rank 0 prints how long parts of the
// trainings took: of large networks, single steps, and of small ones, whole calls of fit.
import { setTimeout } from 'node:timers/promises';
import { adam, Network, sgd } from '../dist/index.js';
import { joinTeam } from '../dist/mpi.js';

const [rounds, ...names] = process.argv.slice(2);
// every step is shared, even where that does not pay
const team = await joinTeam({ leastWork: 0 });
const meeting = await Network.create({ inputs: 1, layers: [{ units: 1 }], seed: 1, team });

/** name: [widths, batch size, optimizer, steps of a training, whether each of them is timed] */
const NETWORKS = {
  '784-30-10': [[784, 30, 10], 10, sgd({ learningRate: 0.1 }), 200, false],
  '784-128-10': [[784, 128, 10], 32, sgd({ learningRate: 0.05 }), 50, false],
  '784-512-512-10': [[784, 512, 512, 10], 128, sgd({ learningRate: 0.05 }), 20, true],
  '1024-2048-2048-10': [[1024, 2048, 2048, 10], 256, adam(), 5, true],
};

let state = 7;
function random() {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return state / 2 ** 32;
}

for (const name of names) {
  const [[inputs, ...units], batchSize, optimizer, steps, areTimed] = NETWORKS[name];
  const samples = steps * batchSize;
  const layers = units.map((n, l) => ({ units: n, activation: l + 1 < units.length ? 'relu' : 'softmax' }));
  const options = { inputs, layers, seed: 1 };
  const data = {
    inputs: Float32Array.from({ length: samples * inputs }, () => (random() < 0.8 ? 0 : random())),
    targets: Uint8Array.from({ length: samples }, () => Math.floor(10 * random())),
  };
  const [alone, own] = [await Network.create(options), await Network.create(options)];
  const together = await Network.create({ ...options, team });
  const meet = () => meeting.trainBatch([[1]], [1]);
  /** Trains, and adds to `times` how many milliseconds each step took, or the whole call. `end`: called after each. */
  const time = async (net, times, end = () => {}) => {
    let start = performance.now();
    const note = () => {
      end();
      const now = performance.now();
      times.push(now - start);
      start = now;
    };
    // the first step has the start of the call in it, and never is the fastest
    await net.fit(data, { epochs: 1, batchSize, optimizer, onBatch: areTimed ? note : undefined });
    if (!areTimed) note();
  };
  const times = { alone: [], each: [], together: [] };
  let milliseconds = 0;
  for (let round = 0; round < rounds; round++) {
    meet();
    if (team.rank === 0) await time(alone, times.alone);
    else await setTimeout(milliseconds);
    // rank 0 is the last to come, so that nobody's wait counts
    meet();
    const start = performance.now();
    await time(own, times.each, meet);
    milliseconds = 0.9 * (performance.now() - start);
    await time(together, times.together);
  }
  const isSame = Buffer.compare(await alone.save(), await together.save()) === 0;
  const hidden = units.slice(0, -1).reduce((sum, n) => sum + n, 0);
  const bytes = 4 * (batchSize * (2 * hidden + 10) + together.parameters);
  if (team.rank === 0) {
    const { library, size } = team;
    console.log(
      JSON.stringify({ name, batchSize, steps: areTimed ? 1 : steps, bytes, isSame, library, size, ...times }),
    );
  }
  for (const net of [alone, own, together]) net.dispose();
}
