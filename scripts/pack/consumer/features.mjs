import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { lbfgs, Network, NonFiniteError, sgd } from 'simdprop';
import { readBrain } from 'simdprop/brain';
import { crossValidate } from 'simdprop/cross-validation';
import { writeC, writeJavaScript } from 'simdprop/export';
import { readFann } from 'simdprop/fann';
import { readKeras } from 'simdprop/keras';
import { readOnnx, writeOnnx } from 'simdprop/onnx';
import { loadPredictor } from 'simdprop/predict';
import { readPyTorch } from 'simdprop/pytorch';
import { readSafetensors, writeSafetensors } from 'simdprop/safetensors';
import { oneOf, search, trainer } from 'simdprop/search';
import { Table, TableModel } from 'simdprop/tabular';
import { readTfjs } from 'simdprop/tfjs';

// node features.mjs <file of version 1>
//
// Uses every feature that is loaded on demand. test-pack.mjs then checks that every chunk of the package was loaded.

const ROWS = 60;
const options = {
  inputs: 3,
  layers: [
    { units: 5, activation: 'tanh' },
    { units: 2, activation: 'softmax' },
  ],
  seed: 1,
};
const inputs = Float32Array.from({ length: 3 * ROWS }, (_, i) => Math.sin(i * i));
const targets = Uint8Array.from({ length: ROWS }, (_, row) => (inputs[3 * row] > inputs[3 * row + 1] ? 1 : 0));
const data = { inputs, targets };
const create = (more) => Network.create({ ...options, cost: 'categoricalCrossEntropy', ...more });
const weightsOf = (net) => net.layers.flatMap((layer) => [...layer.getWeights(), ...layer.getBiases()]);

assert.deepEqual(Table.fromCsv('x,y\n1,b\n').toRecords(), [{ x: 1, y: 'b' }]);

const rows = Table.fromCsv('x,y\n1,a\n2,a\n3,a\n7,b\n8,b\n9,b\n');
const model = await TableModel.fit(rows, { target: 'y' });
assert.equal(model.predict({ x: 9 }).value, 'b');
assert.equal((await model.importance(rows))[0].column, 'x');
assert.deepEqual((await TableModel.load(await model.save())).predict(rows), model.predict(rows));

const net = await create();
assert.deepEqual([net.constructor.name, NonFiniteError.name], ['Network', 'NonFiniteError']);
assert.equal(inspect(net), 'Network 3-5-2 tanh/softmax, 32 parameters, adam, step 0');
assert.throws(() => structuredClone(net), /Network\.load\(await net\.save\(\)\) makes a copy/);
assert.throws(() => Object.assign(net, { learningRate: 0.1 }), TypeError);
await assert.rejects(create({ loss: 'mse' }), /did you mean cost\?$/);
await assert.rejects(Network.load(net), {
  message: 'load: got an object (Network), want a Uint8Array or an ArrayBuffer that save() made',
});

// options of fit that are loaded from separate files
const training = { epochs: 3, batchSize: 7, optimizer: sgd({ learningRate: 0.5 }) };
const all = { validationSplit: 0.2, earlyStopping: { patience: 2 }, classWeights: [1, 2], standardize: true };
const { length, last } = await net.fit(data, { ...training, ...all });
assert.equal(length, 3);
assert(last.validation && last.bestEpoch !== undefined && net.getStandardization());

// a stream of a single part gives the bits of fit
const [whole, streamed] = [await create(), await create()];
await whole.fit(data, training);
await streamed.fitStream(() => [data], training);
assert.deepEqual(weightsOf(streamed), weightsOf(whole));

const replayed = await create();
await replayed.replayTo(whole.steps, data, training);
assert.deepEqual(weightsOf(replayed), weightsOf(whole));

// steps for a time are those of fit
const timed = await create();
while (timed.steps < whole.steps)
  await timed.trainFor(data, 1e-30, { batchSize: training.batchSize, optimizer: training.optimizer });
assert.deepEqual(weightsOf(timed), weightsOf(whole));

const line = await create();
const [{ cost: first }] = await line.fit(data, { optimizer: lbfgs(), epochs: 1 });
const [{ cost: second }] = await line.fit(data, { optimizer: lbfgs(), epochs: 1 });
assert(second < first, `L-BFGS: got ${second} after ${first}, want less`);

const loaded = await Network.load(await whole.save({ training: true }));
assert.deepEqual(loaded.predict(inputs), whole.predict(inputs));

// the small predictor has the bits of the whole core
const predictor = await loadPredictor(await whole.save());
assert.deepEqual(predictor.predict(inputs), whole.predict(inputs));
assert.deepEqual(predictor.classify(inputs), whole.classify(inputs));
predictor.dispose();
assert.throws(() => predictor.predict(inputs), /dispose/);
// a file of version 1, of a training
assert((await Network.load(readFileSync(process.argv[2]))).steps > 0);

// files of other programs
for (const { network, notes } of [
  await readOnnx(await writeOnnx(whole)),
  await readSafetensors(await writeSafetensors(whole)),
]) {
  assert.deepEqual([network.predict(inputs), notes], [whole.predict(inputs), []]);
}
const brain = { sizes: [1, 1], type: 'NeuralNetwork', layers: [{}, { weights: [[2]], biases: [1] }] };
assert.equal((await readBrain(brain)).network.parameters, 2);
await assert.rejects(readFann(new Uint8Array(4)), /FANN_FLO_2\.1/);
await assert.rejects(readKeras(new Uint8Array(8)), /HDF5/);
await assert.rejects(readPyTorch(new Uint8Array(4)), /torch\.save/);
await assert.rejects(readTfjs({}, {}), /weightsManifest/);
assert.match(await writeC(whole), /network_predict/);
assert.match(await writeJavaScript(whole), /export function predict/);

const orthogonal = await create({ layers: [{ units: 3, initializer: 'orthogonal' }, options.layers[1]] });
const w = orthogonal.layers[0].getWeights();
// rows are orthogonal up to the roundings of f32
assert(Math.abs(w[0] * w[3] + w[1] * w[4] + w[2] * w[5]) < 1e-6, `rows: got ${w}, want orthogonal ones`);

const inspector = await whole.inspect();
const check = inspector.checkGradients(inputs, targets);
assert(check.error < 1e-3, `gradients: got ${check.error}, want what f32 can give`);

// half the squared error, as a custom cost
const half = {
  value: (a, y) => a.reduce((sum, value, j) => sum + (value - y[j]) ** 2 / 2, 0),
  gradient: (a, y, out) => out.set(a.map((value, j) => value - y[j])),
};
const layers = [{ units: 1, activation: 'sigmoid' }];
const column = { inputs, targets: Float32Array.from(targets) };
const costs = [];
for (const cost of ['quadratic', half]) {
  const own = await Network.create({ inputs: 3, layers, seed: 1, cost });
  costs.push((await own.fit(column, training)).at(-1).cost);
}
// the two costs round differently
assert(Math.abs(costs[0] - costs[1]) < 1e-6, `costs: got ${costs}, want the same`);

const folds = await crossValidate({ ...options, cost: 'categoricalCrossEntropy' }, data, { ...training, folds: 3 });
assert.equal(folds.folds.length, 3);

// the workers of a search come from the file that the package has for them
const searched = [];
for (const workers of [0, 2]) {
  const space = { ...options, l2: oneOf([0, 0.1]) };
  searched.push(await search(space, data, { ...training, folds: 2, workers }));
}
// jobs and results pass through JSON, as on their way to another machine and back
const take = trainer(data);
const train = async (job) => JSON.parse(JSON.stringify(await take(JSON.parse(JSON.stringify(job)))));
searched.push(await search({ ...options, l2: oneOf([0, 0.1]) }, data, { ...training, folds: 2, train }));
for (const other of searched) assert.deepEqual(other, searched[0]);

const pair = await create({ threads: 2, wide: true });
await pair.fit(data, training);
assert.deepEqual([pair.threads, weightsOf(pair)], [2, weightsOf(whole)]);
pair.dispose();

for (const threads of [undefined, 2]) {
  try {
    const fused = await create({ build: 'relaxed', threads });
    const { cost } = (await fused.fit(data, training)).at(-1);
    const { cost: wanted } = (await (await create()).fit(data, training)).at(-1);
    assert(Math.abs(cost - wanted) < 1e-4, `relaxed: got cost ${cost}, want about ${wanted}`);
    fused.dispose();
  } catch (error) {
    if (!/lacks WebAssembly SIMD/.test(error.message)) throw error;
    const name = threads ? 'relaxed-threads' : 'relaxed';
    console.log(`skipped: training with the ${name} build: Node ${process.versions.node} has no relaxed SIMD`);
  }
}

// the error of a host that does not compile WebAssembly from bytes
WebAssembly.Module = class {
  constructor() {
    throw new Error('Wasm code generation disallowed by embedder');
  }
};
await assert.rejects(create({ threads: 2 }), /import simdprop\/simd\.wasm as a module .+ pass it as \{ wasm \}/);
