import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { adam, Network } from '../../src/index.js';
import { saveFile } from '../../src/io/files.js';
import { joinTeam } from '../../src/mpi.js';
import { randomFloats, randomLabels } from '../random-numbers.js';

// A training in which one rank fails, in a way that the first argument names. The second is a folder for a checkpoint.

const [way, folder] = process.argv.slice(2);
const file = join(folder, 'checkpoint.simdprop');
const layers = [
  { units: 64, activation: 'relu' as const },
  { units: 10, activation: 'softmax' as const },
];
const data = { inputs: randomFloats(320 * 40, 1), targets: randomLabels(320, 10, 2) };
const options = { epochs: 6, optimizer: adam() };

if (way === 'resumed') {
  // without a team: the checkpoint of the failed training continues as if nothing had happened
  const net = await Network.load(readFileSync(file));
  const from = net.epochs;
  await net.fit(data, options);
  const whole = await Network.create({ inputs: 40, layers, seed: 1 });
  await whole.fit(data, options);
  const isSame = Buffer.compare(await net.save({ training: true }), await whole.save({ training: true })) === 0;
  console.log(`resumed after epoch ${from}: ${isSame}`);
} else {
  const team = await joinTeam();
  const net = await Network.create({ inputs: 40, layers, seed: 1, team });
  const fail: Record<string, () => void> = {
    killed: () => process.kill(process.pid, 'SIGKILL'),
    thrown: () => {
      throw new Error('a mistake in rank 1');
    },
    exits: () => process.exit(3),
    'ends early': () => process.exit(0),
  };
  const onEpoch = async ({ epoch }: { epoch: number }) => {
    if (team.rank === 0) saveFile(file, await net.save({ training: true }));
    if (epoch !== 2 || team.rank !== 1) return;
    console.log('failing now');
    fail[way]();
  };
  await net.fit(data, { ...options, epochs: 9999, onEpoch });
  console.log('the training has ended', existsSync(file));
}
