import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adam, Network, type NetworkOptions, NonFiniteError, sgd } from '../../src/index.js';
import { saveFile } from '../../src/io/files.js';
import { joinTeam } from '../../src/mpi.js';
import { randomFloats, randomLabels } from '../random-numbers.js';
import { areEqual, check, refused, team } from './checks.js';

// Every call that trains, callbacks that differ between the processes, checkpoints, and errors that all must get.

const OPTIONS = {
  inputs: 40,
  layers: [
    { units: 70, activation: 'relu', dropout: 0.2 },
    { units: 50, activation: 'prelu' },
    { units: 10, activation: 'softmax' },
  ],
  seed: 3,
} satisfies NetworkOptions;
const inputs = randomFloats(300 * 40, 1);
const targets = randomLabels(300, 10, 2);
const data = { inputs, targets };
const optimizer = adam();
const [x, y] = [inputs.subarray(0, 60 * 40), targets.subarray(0, 60)];

const together = (options: NetworkOptions = OPTIONS) => Network.create({ ...options, team });
const alone = (options: NetworkOptions = OPTIONS) => Network.create(options);

/** Does the same with a network of the team and with one of this process. Both must then be the same file. */
async function compare(name: string, train: (net: Network) => unknown): Promise<Network> {
  const [net, other] = [await together(), await alone()];
  const [result, wanted] = [await train(net), await train(other)];
  check(`${name}: results`, JSON.stringify(result) === JSON.stringify(wanted));
  check(`${name}: file`, areEqual(await net.save({ training: true }), await other.save({ training: true })));
  return net;
}

await compare('trainBatch', (net) => {
  net.optimizer = optimizer;
  return [1, 2, 3, 4, 5].map((rows) => net.trainBatch(x.subarray(0, 10 * rows * 40), y.subarray(0, 10 * rows)));
});

const trained = await compare('z, a and delta after trainBatch', (net) => {
  net.trainBatch(x, y);
  return net.layers.map((layer) => [layer.getZ(), layer.getA(), layer.getDelta()].map((m) => Array.from(m)));
});

await compare('backward and applyGradients, after steps of fit', async (net) => {
  await net.fit(data, { epochs: 1, optimizer });
  net.forward(x);
  const cost = net.backward(y);
  net.applyGradients();
  return [cost, net.trainBatch(x, y)];
});

await compare('fitStream', async (net) => {
  function* parts() {
    for (let i = 0; i < 300; i += 100)
      yield { inputs: inputs.subarray(i * 40, (i + 100) * 40), targets: targets.subarray(i, i + 100) };
  }
  return (await net.fitStream(parts, { epochs: 2, optimizer })).last?.cost;
});

await compare('train', async (net) => {
  const costs = [];
  for await (const { cost } of net.train(data, { epochs: 5, optimizer })) if (costs.push(cost) === 3) break;
  return costs;
});

await compare('validation, early stopping, evaluate', async (net) => {
  const validation = { inputs: x, targets: y };
  const { last } = await net.fit(data, { epochs: 4, optimizer, validation, earlyStopping: { patience: 1 } });
  return [last?.validation, last?.bestEpoch, await net.evaluate(data)];
});

await compare('replayTo', async (net) => {
  await net.replayTo(13, data, { epochs: 3, optimizer });
  await net.fit(data, { epochs: 3, optimizer });
});

await compare('moments', async (net) => {
  await net.fit(data, { epochs: 1, optimizer });
  const inspector = await net.inspect();
  return JSON.stringify(net.layers.map((_, l) => inspector.moments(l)));
});

// by time: every process takes the steps that rank 0 has time for
{
  const net = await together();
  const { stepsTaken } = await net.trainFor(data, 30, { optimizer });
  const more = await net.trainFor(data, 30, { optimizer });
  const steps = stepsTaken + more.stepsTaken;
  const other = await alone();
  await other.replayTo(steps, data, { epochs: 10_000, optimizer });
  const a = net.layers[1].getWeights();
  check('trainFor', net.steps === steps && a.every((w, i) => w === other.layers[1].getWeights()[i]));
}

// callbacks and signals of one process hold for all
const lastRank = team.size - 1;
const isLast = team.rank === lastRank;
{
  const net = await together();
  const epochs: number[] = [];
  const onEpoch = isLast ? ({ epoch }: { epoch: number }) => epochs.push(epoch) < 3 : undefined;
  const { last, length } = await net.fit(data, { epochs: 9, optimizer, onEpoch });
  check('onEpoch of one rank ends training', length === 3 && last?.stopped === 'callback');
  check('onEpoch is called in its own rank', epochs.length === (isLast ? 3 : 0));
  const onBatch = isLast ? async ({ step }: { step: number }) => step < 4 : undefined;
  const batches = await net.fit(data, { epochs: 9, optimizer, onBatch });
  check('onBatch of one rank ends training', batches.length === 1 && batches.last?.samples === 4 * 32);
  const controller = new AbortController();
  const onEpoch2 = ({ epoch }: { epoch: number }) => {
    if (isLast && epoch === 1) controller.abort(new Error('enough'));
  };
  const steps = net.steps;
  const call = () =>
    net.fit(data, { epochs: 999, optimizer, onEpoch: onEpoch2, signal: isLast ? controller.signal : undefined });
  await refused('the signal of one rank', call, isLast ? 'enough' : `the signal of rank ${lastRank} was aborted`);
  check('all stop at the same step', net.steps - steps < 999 && net.steps > steps);
  const again = () => net.fit(data, { epochs: 9, optimizer, signal: isLast ? controller.signal : undefined });
  await refused('a signal that is aborted', again, isLast ? 'enough' : `the signal of rank ${lastRank} was aborted`);
  const fails = () => {
    if (isLast) throw new Error('a mistake');
  };
  const failing = () => net.fit(data, { epochs: 2, optimizer, onEpoch: fails });
  await refused(
    'an error in a callback',
    failing,
    isLast ? 'a mistake' : `got an error in onEpoch of rank ${lastRank}`,
  );
  await net.fit(data, { epochs: 1, optimizer });
  await compare('training after all of this', (other) => other.fit(data, { epochs: 1, optimizer }).then(() => {}));
}

// a checkpoint that rank 0 alone writes in onEpoch, from which a team and a process alone continue
{
  const folder = mkdtempSync(join(tmpdir(), 'simdprop-mpi-'));
  const file = join(folder, 'net.simdprop');
  const net = await together();
  const onEpoch = async ({ epoch }: { epoch: number }) => {
    if (epoch === 1 && team.rank === 0) saveFile(file, await net.save({ training: true }));
  };
  await net.fit(data, { epochs: 4, optimizer, onEpoch });
  const wanted = await net.save({ training: true });
  if (team.rank === 0) {
    check('only rank 0 has written', existsSync(file));
    const resumed = await Network.load(readFileSync(file));
    await resumed.fit(data, { epochs: 4, optimizer });
    check('one process continues', areEqual(await resumed.save({ training: true }), wanted));
  } else {
    check('only rank 0 has written', !existsSync(file));
    check('one process continues', true);
  }
  const shared = await Network.create({ ...OPTIONS, team });
  await shared.fit(data, { epochs: 2, optimizer });
  const loaded = await Network.load(await shared.save({ training: true }), { team });
  await loaded.fit(data, { epochs: 2, optimizer });
  await shared.fit(data, { epochs: 2, optimizer });
  const files = [await loaded.save({ training: true }), await shared.save({ training: true })];
  check('a team continues', areEqual(files[0], files[1]));
  rmSync(folder, { recursive: true });
}

// numbers that are no longer finite: the same error everywhere, and the team goes on
{
  const errors: string[] = [];
  for (const create of [together, alone]) {
    const net = await create({
      ...OPTIONS,
      layers: [
        { units: 70, activation: 'relu' },
        { units: 3, activation: 'linear' },
      ],
    });
    const far = { inputs: inputs.map((v) => 1e6 * v), targets: randomFloats(900, 4) };
    for (const given of [sgd({ learningRate: 1e30 }), adam({ learningRate: 1e38 })]) {
      try {
        await net.fit(far, { epochs: 9, batchSize: 16, optimizer: given });
      } catch (error) {
        errors.push(`${error instanceof NonFiniteError}: ${(error as Error).message}`);
      }
      errors.push(String(net.steps));
    }
    net.optimizer = sgd({ learningRate: 1e38 });
    for (let i = 0; i < 3; i++) {
      try {
        net.trainBatch(far.inputs.subarray(0, 400), far.targets.subarray(0, 30));
      } catch (error) {
        errors.push((error as Error).message);
      }
    }
  }
  const half = errors.length / 2;
  check(
    `numbers that are not finite: ${errors.slice(0, half)}`,
    String(errors.slice(0, half)) === String(errors.slice(half)),
  );
  check(`a NonFiniteError was thrown: ${errors[0]}`, errors[0].startsWith('true'));
}

// what differs between the processes is refused in all of them, and changes nothing
if (team.size > 1) {
  const net = await together();
  const before = net.layers[0].getWeights();
  const odd = Number(isLast);
  const options = { ...OPTIONS, seed: 3 + odd };
  await refused('other options', () => together(options), `other options in rank 1`.replace('1', String(lastRank)));
  const fit = (more: object, given = data) =>
    net.fit(given, { epochs: 1, optimizer: sgd({ learningRate: 0.1 }), ...more });
  const other = inputs.map((v, i) => (i === 4000 && isLast ? 2 * v : v));
  await refused('other data', () => fit({}, { inputs: other, targets }), `other data in rank ${lastRank}`);
  await refused('another rate', () => fit({ optimizer: sgd({ learningRate: 0.1 + odd }) }), 'other options in rank');
  await refused('another batch size', () => fit({ batchSize: 8 + odd }), 'other options in rank');
  await refused(
    'another batch',
    () => net.trainBatch(x.subarray(40 * odd, 40 * odd + 400), y.subarray(0, 10)),
    'data in rank',
  );
  // a second try must not take the data for known; a sample of them would not have this number
  const late = inputs.map((v, i) => (i === 4001 && isLast ? v + 1 : v));
  for (const name of ['one other number', 'the same again']) {
    await refused(name, () => fit({ shuffle: false }, { inputs: late, targets }), `other data in rank ${lastRank}`);
  }
  const row = x.map((v, i) => (i === 1 && isLast ? v + 1 : v));
  await refused('one other number of a batch', () => net.trainBatch(row, y), `other data in rank ${lastRank}`);
  const validation = { inputs: x.map((v, i) => (i === 2001 && isLast ? v + 1 : v)), targets: y };
  await refused('other validation data', () => fit({ validation }), 'other options in rank');
  {
    const tried = await together();
    await tried.fit(data, { epochs: 1 });
    const rate = (k: number) => (k === 3 && isLast ? 0.2 : 0.1);
    await refused(
      'another rate in a later step',
      () => tried.fit(data, { optimizer: sgd({ learningRate: rate }) }),
      'learning rates in',
    );
    const weights = tried.layers[0].getWeights();
    if (isLast) tried.layers[0].setWeights(weights.map((w, i) => (i === 1 ? w + 1 : w)));
    await refused('one other weight later', () => tried.fit(data, { epochs: 1 }), 'other parameters in rank');
    const bytes = await Network.create({ inputs: 3, layers: [{ units: 1 }], seed: 1, team });
    const batch = () => bytes.trainBatch(Uint8Array.from([0, 0, Number(isLast)]), Float32Array.of(1));
    await refused('the last byte of a batch', batch, `other data in rank ${lastRank}`);
  }
  if (isLast) net.layers[0].setWeights(before.map((w, i) => (i === 7 ? w + 1 : w)));
  await refused('other weights', () => fit({}), `other parameters in rank ${lastRank}`);
  if (isLast) net.layers[0].setWeights(before);
  const call = () => (isLast ? fit({}) : net.trainBatch(x, y));
  await refused('other calls', call, `want the same calls in the same order in each`);
  const networks = [await together(), await together()];
  const batch = () => networks[odd].trainBatch(x, y);
  await refused('other networks', batch, 'want the same calls in the same order in each');
  check('no step has been taken', String(net.layers[0].getWeights()) === String(before) && net.steps === 0);
}

// a callback of one rank that trains: all get the error, and then are at the same step again
if (team.size > 1) {
  const [net, other] = [await together(), await together()];
  const trains = () => other.trainBatch(x, y);
  const rejects = async () => other.trainBatch(x, y);
  for (const onEpoch of [trains, rejects]) {
    const call = () => net.fit(data, { epochs: 2, optimizer, onEpoch: isLast ? onEpoch : undefined });
    await refused('training in the callback of one rank', call, 'want the same calls in the same order in each');
    check('training after that', (await net.fit(data, { epochs: 1, optimizer })).length === 1);
  }
  const fails = () => {
    throw new Error('a mistake');
  };
  const call = () => net.fit(data, { epochs: 2, optimizer, onEpoch: isLast ? fails : trains });
  await refused('another error in the other', call, isLast ? 'a mistake' : 'want the same calls in the same order');
}

// joinTeam itself
{
  const join = joinTeam as (...args: unknown[]) => Promise<unknown>;
  await refused('an argument more', () => join({}, 1), 'joinTeam: argument 2: got 1, want none');
  await refused('an unknown option', () => join({ lib: 'x' }), 'options: got the unknown key "lib"');
  await refused('less than no work', () => join({ leastWork: -1 }), 'options.leastWork: got -1');
  await refused('no path', () => join({ library: 1 }), 'options.library: got 1');
  check('one team for every call', (await joinTeam()) === team);
  const leastWork = Number(process.env.LEAST_WORK ?? 0);
  check('and for the same options', (await joinTeam({ leastWork })) === team);
  const first = `want ${leastWork}, as in the first call: a process joins one team`;
  await refused('other work', () => join({ leastWork: 7 }), `options.leastWork: got 7, ${first}`);
  const other = process.env.MPI_LIBRARY ?? 'none';
  await refused('another library', () => join({ library: 'x' }), `got x, want ${other}, as in the first call`);
  check('its library', /^(Open MPI v|MPICH )\d/.test(team.library));
}

// options that a team cannot have
{
  const [wide, threads, build] = [true, 2, 'relaxed' as const];
  await refused('threads', () => together({ ...OPTIONS, threads }), 'threads: got 2 with a team of processes');
  await refused('wide', () => together({ ...OPTIONS, wide }), 'wide: got true with a team of processes');
  await refused('build', () => together({ ...OPTIONS, build }), 'build: got relaxed with a team of processes');
  const cost = { cost: () => 0, gradient: () => {} } as never;
  await refused('a cost', () => together({ ...OPTIONS, cost }), 'cost');
  await refused('no team', () => alone({ ...OPTIONS, team: { rank: 0, size: 2 } as never }), 'the result of joinTeam');
}

trained.dispose();
