// Run by bench/mpi.ts under mpirun: the same training by rank 0 alone, by each process for itself at the same time, and
// by the whole team, in turns. While rank 0 works alone, the others sleep. Rank 0 prints the times of the epochs. The
// data are prepared before, so that no training loads them.
import { setTimeout } from 'node:timers/promises';
import { adam, Network, sgd } from '../dist/index.js';
import { joinTeam } from '../dist/mpi.js';
import { makeSamples, reluLayers } from './job-network.mjs';

const [rounds, ...names] = process.argv.slice(2);
// every step is shared, even where that does not pay
const team = await joinTeam({ leastWork: 0 });
const meeting = await Network.create({ inputs: 1, layers: [{ units: 1 }], seed: 1, team });

/** The epochs of a training. */
const EPOCHS = 4;

/** name: [widths, batch size, optimizer, steps of an epoch]. */
const NETWORKS = {
  '784-30-10': [[784, 30, 10], 10, sgd({ learningRate: 0.1 }), 200],
  '784-128-10': [[784, 128, 10], 32, sgd({ learningRate: 0.05 }), 50],
  '784-512-512-10': [[784, 512, 512, 10], 128, sgd({ learningRate: 0.05 }), 20],
  '1024-2048-2048-10': [[1024, 2048, 2048, 10], 256, adam(), 5],
};

for (const name of names) {
  const [[inputs, ...units], batchSize, optimizer, steps] = NETWORKS[name];
  const samples = steps * batchSize;
  const options = { inputs, layers: reluLayers(units), seed: 1 };
  const data = makeSamples(samples, inputs);
  const [alone, own] = [await Network.create(options), await Network.create(options)];
  const together = await Network.create({ ...options, team });
  const prepared = new Map();
  for (const net of [alone, own, together]) prepared.set(net, await net.prepareData(data));
  const meet = () => meeting.trainBatch([[1]], [1]);
  const time = async (net) => {
    const history = await net.fit(prepared.get(net), { epochs: EPOCHS, batchSize, optimizer });
    return history.column('elapsedMs');
  };
  const times = { alone: [], each: [], together: [] };
  let milliseconds = 0;
  // the first round only warms up
  for (let round = -1; round < Number(rounds); round++) {
    meet();
    let one = [];
    if (team.rank === 0) one = await time(alone);
    else await setTimeout(milliseconds);
    // rank 0 is the last to come, so that nobody's wait counts
    meet();
    const each = await time(own);
    milliseconds = 0.9 * each.reduce((sum, epoch) => sum + epoch);
    meet();
    const all = await time(together);
    if (round < 0) continue;
    times.alone.push(...one);
    times.each.push(...each);
    times.together.push(...all);
  }
  const isSame = Buffer.compare(await alone.save(), await together.save()) === 0;
  const hidden = units.slice(0, -1).reduce((sum, n) => sum + n, 0);
  const bytes = 4 * (batchSize * (2 * hidden + 10) + together.parameters);
  if (team.rank === 0) {
    const { library, size } = team;
    console.log(JSON.stringify({ name, batchSize, steps, bytes, isSame, library, size, ...times }));
  }
  for (const net of [alone, own, together]) net.dispose();
}
