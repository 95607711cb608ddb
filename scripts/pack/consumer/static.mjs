import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createContext, SourceTextModule } from 'node:vm';

// Runs simdprop/static in an engine that has only the language and WebAssembly: no fetch, no timers, no text encoders,
// no import(). Start it with node --experimental-vm-modules.

const PROGRAM = `
import { adam, lbfgs, lion, Network, NonFiniteError } from 'simdprop/static';

const equal = (got, wanted, what) => {
  const [a, b] = [got, wanted].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(what + ': got ' + a + ', want ' + b);
};
const refused = async (promise, wanted) => equal(await promise.catch((error) => error.message), wanted, 'refusal');

equal(typeof atob + typeof TextEncoder + typeof performance + typeof setTimeout, 'undefined'.repeat(4), 'globals');

const ROWS = 60;
const options = {
  inputs: 3,
  layers: [{ units: 5, activation: 'tanh', initializer: 'orthogonal' }, { units: 2, activation: 'softmax' }],
  cost: 'categoricalCrossEntropy',
  seed: 1,
};
const inputs = Float32Array.from({ length: 3 * ROWS }, (_, i) => Math.sin(i * i));
const targets = Uint8Array.from({ length: ROWS }, (_, row) => (inputs[3 * row] > inputs[3 * row + 1] ? 1 : 0));
const data = { inputs, targets };
const training = { epochs: 3, batchSize: 7, optimizer: adam() };

const net = await Network.create(options);
const all = { validationSplit: 0.2, earlyStopping: { patience: 2 }, classWeights: [1, 2], standardize: true };
const history = await net.fit(data, { ...training, ...all });
equal(history.length, 3, 'epochs');
const loaded = await Network.load(await net.save({ training: true }));
equal([...loaded.predict(inputs)], [...net.predict(inputs)], 'predictions');
equal(net.constructor.name + ' ' + NonFiniteError.name, 'Network NonFiniteError', 'names');

// every kind of worker and worklet has an AbortController; only streams need it
globalThis.AbortController = LentAbortController;
await loaded.fitStream(() => [data], { ...training, optimizer: lion() });
await loaded.fit(data, { epochs: 2, optimizer: lbfgs() });
const replayed = await Network.create(options);
await replayed.replayTo(5, data, training);
equal(replayed.steps, 5, 'steps');
const { error } = (await net.inspect()).checkGradients(inputs, targets);
if (error > 1e-3) throw new Error('gradients: got ' + error);
const layers = [{ units: 1 }];
const cost = { value: (a, y) => (a[0] - y[0]) ** 2 / 2, gradient: (a, y, out) => { out[0] = a[0] - y[0]; } };
await (await Network.create({ inputs: 3, layers, cost })).fit({ inputs, targets: Float32Array.from(targets) });

const other = "import of 'simdprop'";
await Network.create({ ...options, threads: 1, wide: false, build: 'simd' });
await refused(Network.create({ ...options, threads: 2 }), 'threads: got 2 in simdprop/static, want 1, or the ' + other);
await refused(Network.create({ ...options, wide: true }), 'wide: got true in simdprop/static, want false, or the ' + other);
const fused = 'build: got relaxed in simdprop/static, want simd, or the ' + other;
await refused(Network.create({ ...options, build: 'relaxed' }), fused);
await refused(Network.load(await net.save(), { build: 'relaxed' }), fused);
`;

const context = createContext({ LentAbortController: AbortController });
const importModuleDynamically = () => assert.fail('simdprop/static has called import()');
const makeModule = (identifier, text) => new SourceTextModule(text, { identifier, context, importModuleDynamically });

const file = fileURLToPath(import.meta.resolve('simdprop/static'));
const library = makeModule(file, readFileSync(file, 'utf8'));
const program = makeModule('program', PROGRAM);
await library.link(() => assert.fail('simdprop/static imports another file'));
await program.link(() => library);
await program.evaluate();
