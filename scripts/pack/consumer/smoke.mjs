import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { lbfgs, Network, NonFiniteError, sgd } from 'simdprop';
import { saveFile } from 'simdprop/files';
import { unroll } from 'simdprop/graph';
import { parseIdx } from 'simdprop/idx';
import { joinTeam } from 'simdprop/mpi';

const inputs = new Float32Array([0, 0, 0, 1, 1, 0, 1, 1]);
const targets = new Float32Array([0, 1, 1, 0]);
const options = { inputs: 2, layers: [{ units: 3, activation: 'tanh' }, { units: 1 }], seed: 1 };

async function learnXor(network) {
  network.optimizer = sgd({ learningRate: 1 });
  const history = await network.fit({ inputs, targets }, { epochs: 2000, batchSize: 4 });
  const { cost } = history.last;
  assert(cost < 0.05, `cost: got ${cost}, want less than 0.05`);
  const outputs = network.predict(inputs);
  assert.deepEqual([...outputs].map(Math.round), [...targets]);
  return outputs;
}

const inlined = await learnXor(await Network.create(options));

const network = await Network.create(options);
const { graph, layers, cost } = unroll(network, [0, 1], [1]);
network.forward(inputs.subarray(2, 4));
network.backward(targets.subarray(1, 2));
const bias = layers[0].biases[0];
const bySum = graph.pathSum(bias, cost);
const delta = network.layers[0].getDelta();
// f32 against f64
assert(Math.abs(bySum - delta[0]) < 1e-6, `sum over paths: got ${bySum}, want delta, ${delta[0]}`);

const inspector = await network.inspect();
const check = inspector.checkGradients(inputs, targets);
assert(check.error < 1e-3 && check.referenceError < 1e-7, `gradients: got ${JSON.stringify(check)}`);
assert.equal(inspector.jacobian(inputs).length, 4 * 2);

const wasm = await WebAssembly.compile(await readFile(new URL(import.meta.resolve('simdprop/simd.wasm'))));
const fromFile = await learnXor(await Network.create({ ...options, wasm }));
assert.deepEqual(fromFile, inlined);

const relaxed = await readFile(new URL(import.meta.resolve('simdprop/relaxed.wasm')));
assert.equal(relaxed.readUInt32LE(), 0x6d736100, 'simdprop/relaxed.wasm is not a WebAssembly file');

const pair = await Network.create({ ...options, threads: 2, wide: true });
assert.deepEqual(await learnXor(pair), inlined);
assert.equal(pair.threads, 2);
pair.dispose();

assert.deepEqual(parseIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 5, 6)), { shape: [2], data: Uint8Array.of(5, 6) });
saveFile('network.simdprop', await network.save({ training: true }));
const loaded = await Network.load(await readFile('network.simdprop'));
assert.deepEqual(loaded.predict(inputs), network.predict(inputs));
// koffi is an optional peer: npm has not installed it
await assert.rejects(joinTeam(), /got no package koffi .* want it beside simdprop: npm install koffi/);
// parts that are loaded on demand throw the same class of error
const line = await Network.create({ inputs: 1, layers: [{ units: 1, activation: 'linear' }] });
const far = { inputs: Float32Array.of(1e30), targets: Float32Array.of(-1e30) };
await assert.rejects(line.fit(far, { optimizer: lbfgs() }), NonFiniteError);
