// What bench/engines.ts measures, in Node as in pages: single layers, whose time is almost only that of their kernels,
// and epochs on the MNIST digits.
import { adam, Network, sgd } from '../dist/index.js';

const LAYER = 512;
const ROWS = 128;
/** A run lasts at least this long, because clocks in pages are coarse. */
const RUN_MS = 100;
const RUNS = 5;

/** Milliseconds of a call in the fastest run. The first run warms up and does not count. */
async function leastMs(call) {
  const runs = [];
  let calls = 1;
  while (runs.length <= RUNS) {
    const started = performance.now();
    for (let i = 0; i < calls; ++i) await call();
    const elapsed = performance.now() - started;
    if (elapsed < RUN_MS) calls = Math.ceil(calls * Math.min(10, (1.3 * RUN_MS) / Math.max(elapsed, 1)));
    else runs.push(elapsed / calls);
  }
  return Math.min(...runs.slice(1));
}

async function using(options, measure) {
  const net = await Network.create({ ...options, seed: 1 });
  try {
    return await measure(net);
  } finally {
    net.dispose();
  }
}

function gigaflopsOfForward(build) {
  const x = Float32Array.from({ length: ROWS * LAYER }, (_, i) => 0.5 + (i % 97) / 97);
  const layers = [{ units: LAYER, activation: 'linear' }];
  return using({ inputs: LAYER, layers, batchSize: ROWS, build }, async (net) => {
    const ms = await leastMs(() => net.predict(x));
    return (2 * ROWS * LAYER * LAYER) / ms / 1e6;
  });
}

function gigaflopsOfTraining(build) {
  const inputs = Float32Array.from({ length: 8 * ROWS * LAYER }, (_, i) => 0.5 + (i % 97) / 97);
  const targets = new Float32Array(8 * ROWS * LAYER);
  const layers = [1, 2, 3].map(() => ({ units: LAYER, activation: 'relu' }));
  const options = { batchSize: ROWS, optimizer: sgd({ learningRate: 1e-9 }), shuffle: false };
  return using({ inputs: LAYER, layers, cost: 'quadratic', build }, async (net) => {
    const ms = await leastMs(() => net.fit({ inputs, targets }, options));
    return (8 * 2 * ROWS * LAYER * LAYER * 8) / ms / 1e6;
  });
}

function samplesPerSecond(digits, layers, cost, batchSize, optimizer) {
  return using({ inputs: 784, layers, cost, scale: 1 / 255 }, async (net) => {
    const ms = await leastMs(() => net.fit(digits, { epochs: 1, batchSize, optimizer, shuffle: false }));
    return (1000 * digits.inputs.length) / 784 / ms;
  });
}

/** True if the engine has relaxed SIMD. */
async function hasRelaxed() {
  const net = await Network.create({ inputs: 1, layers: [{ units: 1 }], build: 'relaxed' }).catch(() => undefined);
  net?.dispose();
  return net !== undefined;
}

/**
 * Returns the speed of the default build, and how many times as fast the build with fused multiply-add is. The second
 * is undefined if the engine has no relaxed SIMD.
 */
async function compare(measure) {
  const plain = await measure('simd');
  return [plain, (await hasRelaxed()) ? (await measure('relaxed')) / plain : undefined];
}

/** @param digits { inputs: Uint8Array, targets: Float32Array } */
export async function probe(digits) {
  const sigmoid = [30, 10].map((units) => ({ units, activation: 'sigmoid' }));
  const relu = [
    { units: 128, activation: 'relu' },
    { units: 10, activation: 'softmax' },
  ];
  const [forward, fusedForward] = await compare(gigaflopsOfForward);
  const [training, fusedTraining] = await compare(gigaflopsOfTraining);
  return {
    forward,
    fusedForward,
    training,
    fusedTraining,
    sigmoid: await samplesPerSecond(digits, sigmoid, 'quadratic', 10, sgd({ learningRate: 3 })),
    relu: await samplesPerSecond(digits, relu, undefined, 32, adam({ learningRate: 1e-3 })),
  };
}
