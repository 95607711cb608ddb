import { adam, Network, sgd } from 'simdprop';
import { type PlainLayerOptions, PlainNetwork } from './pure-js.js';
import { PlainSmallNetwork } from './pure-js-small.js';
import { SMALL_NETWORKS } from './small-networks.js';
import type { Workload } from './workload.js';
import { makeWorkload } from './workloads.js';

// Runs one contestant in a process of its own. When both ran in one process, plain JavaScript became a fifth slower for
// good after the first fit of simdprop (91,000 to 75,000 samples/s at 784-30-10), which would have flattered simdprop.

export interface Assignment {
  contestant: 'simdprop' | 'plain JavaScript';
  workload: string;
  /** The weights that each run starts from. */
  start: PlainLayerOptions[];
}

export interface Order {
  /** Samples in a call of predict; undefined: the run trains. */
  batch: number | undefined;
}

export interface Outcome {
  elapsedMs: number;
  /** The cost of the last epoch, or the sum of all outputs. Both contestants must agree on it. */
  value: number;
}

interface Contestant {
  reset(start: PlainLayerOptions[]): void;
  train(): number | Promise<number>;
  predict(x: Float32Array | Uint8Array): Float32Array;
}

async function enterSimdprop(
  { inputs, layers, cost, scale, ...workload }: Workload,
  rows: number,
): Promise<Contestant> {
  const { data, epochs, batchSize, learningRate } = workload;
  const net = await Network.create({ inputs, layers, cost, scale, batchSize: rows });
  const optimizer = (workload.optimizer === 'adam' ? adam : sgd)({ learningRate });
  const options = { epochs, batchSize, optimizer, shuffle: false };
  return {
    reset(start) {
      start.forEach(({ weights, biases }, l) => {
        net.layers[l].setWeights(weights);
        net.layers[l].setBiases(biases);
      });
    },
    train: async () => (await net.fit(data, options)).last!.cost,
    predict: (x) => net.predict(x),
  };
}

/** Gives a network in plain JavaScript the parameters that all contestants start from. */
function setStart(net: PlainNetwork | PlainSmallNetwork, start: PlainLayerOptions[]): void {
  start.forEach(({ weights, biases }, l) => {
    net.setParameters(l, weights, biases);
  });
}

function enterPlain(
  { inputs, cost, scale = 1, ...workload }: Workload,
  rows: number,
  layers: PlainLayerOptions[],
): Contestant {
  const { data, epochs, batchSize, learningRate } = workload;
  const net = new PlainNetwork(inputs, layers, cost, rows);
  return {
    reset: (start) => setStart(net, start),
    train() {
      let epochCost = 0;
      for (let epoch = 0; epoch < epochs; ++epoch) {
        epochCost = net.trainEpoch(data.inputs, scale, workload.targetRows, batchSize, learningRate);
      }
      return epochCost;
    },
    predict: (x) => net.predict(x, scale),
  };
}

function enterSmall({ inputs, data, targetRows, ...workload }: Workload, layers: PlainLayerOptions[]): Contestant {
  const { epochs, batchSize, learningRate, optimizer } = workload;
  const net = new PlainSmallNetwork(inputs, layers);
  return {
    reset: (start) => setStart(net, start),
    train() {
      let epochCost = 0;
      for (let epoch = 0; epoch < epochs; ++epoch) {
        const x = data.inputs as Float32Array;
        epochCost = net.trainEpoch(x, targetRows, batchSize, learningRate, optimizer === 'adam');
      }
      return epochCost;
    },
    predict() {
      throw new Error('plain JavaScript does not predict with small networks: their workloads have no predictions');
    },
  };
}

function enterRival(workload: Workload, rows: number, start: PlainLayerOptions[]): Contestant {
  return workload.name in SMALL_NETWORKS ? enterSmall(workload, start) : enterPlain(workload, rows, start);
}

async function serve({ contestant, workload: name, start }: Assignment): Promise<void> {
  const workload = makeWorkload(name);
  const { inputs, data, inference, batchSize } = workload;
  const rows = Math.max(batchSize, ...inference.batchSizes);
  const entered = contestant === 'simdprop' ? await enterSimdprop(workload, rows) : enterRival(workload, rows, start);

  const predictAll = (batch: number) => {
    let sum = 0;
    for (let first = 0; first + batch <= inference.samples; first += batch) {
      for (const a of entered.predict(data.inputs.subarray(first * inputs, (first + batch) * inputs))) sum += a;
    }
    return sum;
  };
  process.on('message', async ({ batch }: Order) => {
    entered.reset(start);
    const started = performance.now();
    const value = batch === undefined ? await entered.train() : predictAll(batch);
    process.send!({ elapsedMs: performance.now() - started, value } satisfies Outcome);
  });
  process.send!('ready');
}

process.once('message', serve);
