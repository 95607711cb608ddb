// jax-js on its wasm device: node jax.mjs JOB. A step is one jitted function with the equations written by hand, which
// has less to run than the library's grad.
import { createRequire } from 'node:module';
import { defaultDevice, init, jit, nn, numpy as np } from '@jax-js/jax';
import { floatsOf, transpose } from './arrays.mjs';
import { readJob, serve } from './job.mjs';

const require = createRequire(import.meta.url);
const { version } = JSON.parse(
  (await import('node:fs')).readFileSync(
    new URL('../package.json', `file://${require.resolve('@jax-js/jax')}`),
    'utf8',
  ),
);
await init('wasm');
defaultDevice('wasm');

const job = readJob(process.argv[2]);
const { inputs, outputs, layers, batchSize, learningRate } = job;
const x = floatsOf(job);
const lastActivation = layers.at(-1).activation;
const isSoftmax = lastActivation === 'softmax';
const isAdam = job.optimizer === 'adam';
let state;

const cut = new Map();
function batchesOf(rows) {
  if (!cut.has(rows)) {
    const count = Math.floor(job.samples / rows);
    const arrays = (m, width) =>
      Array.from({ length: count }, (_, i) =>
        np.array(m.slice(i * rows * width, (i + 1) * rows * width)).reshape([rows, width]),
      );
    cut.set(rows, { x: arrays(x, inputs), y: arrays(job.y, outputs) });
  }
  return cut.get(rows);
}

/** Uses up all its arguments, as the library requires. */
function activate(z, activation) {
  if (activation === 'linear') return z;
  if (activation === 'tanh') return np.tanh(z);
  if (activation === 'sigmoid') return nn.sigmoid(z);
  return activation === 'relu' ? nn.relu(z) : nn.softmax(z, -1);
}

/** delta times the slope of a. */
function multiplyBySlope(delta, a, activation) {
  if (activation === 'tanh') return delta.mul(np.subtract(1, np.square(a)));
  if (activation === 'sigmoid') return delta.mul(a.ref.mul(np.subtract(1, a)));
  return np.where(a.greater(0), delta, 0);
}

/** x and the activations of all layers. */
function forward(w, b, batch) {
  const activations = [batch];
  layers.forEach(({ activation }, l) => {
    activations.push(activate(np.matmul(activations[l].ref, w[l].ref).add(b[l]), activation));
  });
  return activations;
}

function gradients(w, b, batchX, batchY) {
  const a = forward(w, b, batchX);
  const output = a.at(-1);
  const difference = output.ref.sub(batchY.ref);
  const cost = isSoftmax ? np.log(output.mul(batchY.ref).sum(1)).sum().neg() : np.square(difference.ref).sum().mul(0.5);
  batchY.dispose();
  let delta = difference;
  if (lastActivation === 'sigmoid') delta = multiplyBySlope(difference, output, lastActivation);
  else if (!isSoftmax) output.dispose();
  const dw = [];
  const db = [];
  for (let l = layers.length - 1; l >= 0; --l) {
    const scaled = delta.ref.mul(1 / batchSize);
    dw[l] = np.matmul(a[l].ref.transpose(), scaled.ref);
    db[l] = scaled.sum(0);
    if (l > 0) delta = multiplyBySlope(np.matmul(delta, w[l].transpose()), a[l], layers[l - 1].activation);
    else {
      delta.dispose();
      w[0].dispose();
      a[0].dispose();
    }
  }
  return { cost, dw, db };
}

const sgdStep = jit(({ w, b }, batchX, batchY) => {
  const { cost, dw, db } = gradients(
    w.map((each) => each.ref),
    b.map((each) => each.ref),
    batchX,
    batchY,
  );
  return [
    {
      w: w.map((each, l) => each.sub(dw[l].mul(learningRate))),
      b: b.map((each, l) => each.sub(db[l].mul(learningRate))),
    },
    cost,
  ];
});

/**
 * eta and epsilon, with the corrections of this step, are arguments because constants that change would be compiled
 * anew.
 */
const adamStep = jit(({ w, b, m, v }, batchX, batchY, eta, epsilon) => {
  const { cost, dw, db } = gradients(
    w.map((each) => each.ref),
    b.map((each) => each.ref),
    batchX,
    batchY,
  );
  const all = [...w, ...b];
  const g = [...dw, ...db];
  const first = m.map((each, i) => each.mul(0.9).add(g[i].ref.mul(0.1)));
  const second = v.map((each, i) => each.mul(0.999).add(np.square(g[i]).mul(0.001)));
  const next = all.map((each, i) => each.sub(first[i].ref.mul(eta.ref).div(np.sqrt(second[i].ref).add(epsilon.ref))));
  eta.dispose();
  epsilon.dispose();
  return [{ w: next.slice(0, w.length), b: next.slice(w.length), m: first, v: second }, cost];
});

const predictStep = jit((w, b, batch) => {
  const a = forward(
    w.map((each) => each.ref),
    b,
    batch,
  );
  for (const each of [...w, ...a.slice(0, -1)]) each.dispose();
  return a.at(-1);
});

function train(batchX, batchY, t) {
  if (!isAdam) return sgdStep(state, batchX.ref, batchY.ref);
  const correction = Math.sqrt(1 - 0.999 ** t);
  return adamStep(
    state,
    batchX.ref,
    batchY.ref,
    np.array((learningRate * correction) / (1 - 0.9 ** t)),
    np.array(1e-8 * correction),
  );
}

await serve(`jax-js ${version}`, job, {
  reset(rows = batchSize) {
    const w = layers.map((layer) => np.array(transpose(layer)).reshape([layer.fanIn, layer.units]));
    const b = layers.map(({ biases }) => np.array(biases));
    const zeros = () => [...w, ...b].map(({ shape }) => np.zeros(shape));
    state = { w, b, ...(isAdam && { m: zeros(), v: zeros() }) };
    batchesOf(rows);
  },
  async train(samples, epochs) {
    const batches = batchesOf(batchSize);
    const steps = Math.floor(samples / batchSize);
    let cost = 0;
    for (let epoch = 0; epoch < epochs; ++epoch) {
      cost = 0;
      for (let i = 0; i < steps; ++i) {
        const [next, sum] = train(batches.x[i], batches.y[i], epoch * steps + i + 1);
        state = next;
        cost += sum.dataSync()[0];
      }
    }
    return cost / samples;
  },
  predict(first, rows) {
    const { w, b } = state;
    return predictStep(
      w.map((each) => each.ref),
      b.map((each) => each.ref),
      batchesOf(rows).x[first / rows].ref,
    ).dataSync();
  },
});
