import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readApi } from '../scripts/public-api.mjs';
import * as brain from '../src/brain.js';
import * as charts from '../src/charts.js';
import * as crossValidation from '../src/cross-validation.js';
import * as exporting from '../src/export.js';
import * as fann from '../src/fann.js';
import * as graphs from '../src/graph/index.js';
import * as index from '../src/index.js';
import * as canvas from '../src/io/canvas.js';
import * as csv from '../src/io/csv.js';
import * as files from '../src/io/files.js';
import * as idx from '../src/io/idx.js';
import * as keras from '../src/keras.js';
import * as onnx from '../src/onnx.js';
import * as predicting from '../src/predict.js';
import * as pytorch from '../src/pytorch.js';
import * as safetensors from '../src/safetensors.js';
import * as search from '../src/search.js';
import * as split from '../src/split.js';
import * as tabular from '../src/tabular.js';
import * as tfjs from '../src/tfjs.js';

// Every function and method that the package exports refuses one argument more than it takes, in place of ignoring it.

/** The object that has the function, and the arguments of a call that is accepted, as many as the function takes. */
type Call = readonly [owner: object, args: readonly unknown[]];

/** Called by the language or by hosts, with arguments of theirs: JSON.stringify passes a key, an event its object. */
const CALLED_BY_HOSTS = /\.(toString|toJSON|dispose)$/;
/** Users implement these methods, and the library calls them. */
const OF_USERS = /^(CustomCost|SearchLog|Unrollable|PartsStream|BytesSource)\./;
/** The library makes these errors, and users only catch them. */
const ERRORS = /^new \w+Error$/;

/** Needs an MPI library: npm run test:mpi calls it with an argument more. */
const UNDER_MPI = /^joinTeam$/;

const folder = mkdtempSync(join(tmpdir(), 'surplus-'));
afterAll(() => rmSync(folder, { recursive: true }));
const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`exchange/fixtures/${name}`, import.meta.url)));

const { Network } = index;
const { Encoder, Table, TableModel } = tabular;

const x = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const data = { inputs: x, targets: [0, 1, 1, 0] };
const network = {
  inputs: 2,
  layers: [{ units: 2, activation: 'prelu' }, { units: 1 }],
  task: 'classes',
  seed: 1,
} as const;
const net = await Network.create(network);
const inspector = await net.inspect();
const scale = { means: [0, 0], deviations: [1, 1] };

/** A layer of the network, after a forward and a backward pass, which its methods need. */
const layer = (): object => {
  net.forward(x);
  net.backward(data.targets);
  return net.layers[0];
};
/** A network that learns numbers: only those have standardised targets. */
const regression = await Network.create({ inputs: 1, layers: [{ units: 1, activation: 'linear' }], task: 'numbers' });

const records = Array.from({ length: 40 }, (_, i) => ({ mass: i, island: i < 20 ? 'Dream' : 'Biscoe' }));
const table = Table.fromRecords(records);
const encoder = Encoder.fit(table, { target: 'island' });
const model = await TableModel.fit(table, { target: 'island', epochs: 1 });
const history = await net.fit(data, { epochs: 1 });
const predictor = await predicting.loadPredictor(await net.save());

const graph = new graphs.Graph();
const [u, v] = [graph.input(1), graph.input(2)];
const w = graph.add(u, v);

const idxFile = new Uint8Array([0, 0, 8, 1, 0, 0, 0, 2, 7, 3]);
const picture = { width: 4, height: 4, data: new Uint8ClampedArray(64) };
const kerasLayer = { name: 'd', units: 1, batch_input_shape: [null, 2], activation: 'relu' };
const tfjsModel = {
  format: 'layers-model',
  modelTopology: {
    class_name: 'Sequential',
    config: { layers: [{ class_name: 'Dense', config: kerasLayer }] },
  },
  weightsManifest: [
    {
      paths: ['w'],
      weights: [
        { name: 'd/kernel', shape: [2, 1], dtype: 'float32' },
        { name: 'd/bias', shape: [1], dtype: 'float32' },
      ],
    },
  ],
};
const tfjsWeights = { w: new Uint8Array(new Float32Array([1, 2, 3]).buffer) };

const brainNetwork = {
  type: 'NeuralNetwork',
  sizes: [2, 1],
  layers: [
    { weights: [], biases: [] },
    { weights: [[4, -4]], biases: [1] },
  ],
  trainOpts: { activation: 'sigmoid' },
};

const rate = { learningRate: 0.1 };
const spanned = { initial: 1, epochs: 2 };

/** A call of each function and method; after the name of its entry where several entries have the name. */
const CALLS: Readonly<Record<string, () => Call | Promise<Call>>> = {
  classificationReport: () => [index, [[[1]]]],
  adadelta: () => [index, [rate]],
  adagrad: () => [index, [rate]],
  adam: () => [index, [rate]],
  adamw: () => [index, [rate]],
  irprop: () => [index, [rate]],
  lbfgs: () => [index, [rate]],
  lion: () => [index, [rate]],
  momentum: () => [index, [rate]],
  nadam: () => [index, [rate]],
  nesterov: () => [index, [rate]],
  rmsprop: () => [index, [rate]],
  sgd: () => [index, [rate]],
  cosine: () => [index, [spanned]],
  exponential: () => [index, [{ ...spanned, factor: 0.5 }]],
  inverseTime: () => [index, [spanned]],
  oneCycle: () => [index, [{ maximum: 1, epochs: 2 }]],
  polynomial: () => [index, [spanned]],
  reduceOnPlateau: () => [index, [{ initial: 1 }]],
  step: () => [index, [spanned]],

  'Network.create': () => [Network, [network]],
  'Network.load': async () => [Network, [await net.save(), {}]],
  'Network.getStandardization': () => [net, []],
  'Network.setStandardization': () => [net, [scale]],
  'Network.getTargetStandardization': () => [regression, []],
  'Network.setTargetStandardization': () => [regression, [{ means: [0], deviations: [1] }]],
  'Network.fit': () => [net, [data, { epochs: 1 }]],
  'Network.train': () => [net, [data, { epochs: 1 }]],
  'Network.fitStream': () => [net, [() => [data], { epochs: 1 }]],
  'Network.trainFor': () => [net, [data, 1, {}]],
  'Network.replayTo': async () => [await Network.create(network), [1, data, { epochs: 1 }]],
  'Network.trainBatch': () => [net, [x, data.targets, [1, 1, 1, 1]]],
  'Network.predict': () => [net, [x]],
  'Network.activations': () => [net, [x, 0]],
  'Network.copyWeights': async () => [net, [await Network.create(network), { share: 0.5 }]],
  'Network.classify': () => [net, [x, {}]],
  'Network.prepareData': () => [net, [data]],
  'Network.evaluate': () => [net, [data, {}]],
  'Network.forward': () => [net, [x]],
  'Network.backward': () => {
    net.forward(x);
    return [net, [data.targets, [1, 1, 1, 1]]];
  },
  'Network.applyGradients': () => {
    layer();
    return [net, []];
  },
  'Network.save': () => [net, [{}]],
  'Network.inspect': () => [net, []],
  'Network.summary': () => [net, []],
  'Layer.getWeights': () => [layer(), [0]],
  'Layer.setWeights': () => [layer(), [[1, 2], 0]],
  'Layer.getBiases': () => [layer(), []],
  'Layer.setBiases': () => [layer(), [[1, 2]]],
  'Layer.getSlopes': () => [layer(), []],
  'Layer.setSlopes': () => [layer(), [[0.1, 0.2]]],
  'Layer.getZ': () => [layer(), []],
  'Layer.getA': () => [layer(), []],
  'Layer.getDelta': () => [layer(), []],
  'Layer.getWeightGradients': () => [layer(), []],
  'Layer.getBiasGradients': () => [layer(), []],
  'Layer.getSlopeGradients': () => [layer(), []],
  'Inspector.moments': async () => {
    await net.fit(data, { epochs: 1 });
    return [inspector, [0]];
  },
  'Inspector.perturb': () => {
    layer();
    return [inspector, [{ layer: 0, unit: 0, sample: 0, amount: 0.1 }]];
  },
  'Inspector.jacobian': () => [inspector, [[0, 1], {}]],
  'Inspector.inputGradients': () => {
    layer();
    return [inspector, []];
  },
  'Inspector.sampleGradients': () => [inspector, [x, data.targets, [1, 1, 1, 1]]],
  'Inspector.checkGradients': () => [inspector, [x, data.targets, {}]],
  'History.at': () => [history, [0]],
  'History.column': () => [history, ['cost']],

  crossValidate: () => [crossValidation, [network, data, { folds: 2, epochs: 1 }]],
  'Choice.map': () => [search.oneOf([1, 2]), [(value: number) => value + 1]],
  integers: () => [search, [1, 2]],
  logUniform: () => [search, [1, 2]],
  oneOf: () => [search, [[1, 2]]],
  uniform: () => [search, [1, 2]],
  trainer: () => [search, [data, {}]],
  trainTrials: () => [search, [network, data, { folds: 2, epochs: 1, workers: 0, only: search.trial(0, 1) }]],
  trial: () => [search, [0, 1]],
  search: () => [search, [{ ...network, seed: search.oneOf([1, 2]) }, data, { folds: 2, epochs: 1, workers: 0 }]],

  'new Graph': () => [graphs, []],
  'Graph.input': () => [graph, [1, 'a']],
  'Graph.constant': () => [graph, [1, 'b']],
  'Graph.add': () => [graph, [u, v, 'c']],
  'Graph.sum': () => [graph, [[u, v], 'd']],
  'Graph.subtract': () => [graph, [u, v, 'e']],
  'Graph.multiply': () => [graph, [u, v, 'f']],
  'Graph.divide': () => [graph, [u, v, 'g']],
  'Graph.exp': () => [graph, [u, 'h']],
  'Graph.log': () => [graph, [u, 'i']],
  'Graph.sigmoid': () => [graph, [u, 'j']],
  'Graph.tanh': () => [graph, [u, 'k']],
  'Graph.relu': () => [graph, [u, 'l']],
  'Graph.evaluate': () => [graph, [[[u, 3]]]],
  'Graph.reverse': () => [graph, [w]],
  'Graph.forward': () => [graph, [u]],
  'Graph.countPaths': () => [graph, [u, w]],
  'Graph.paths': () => [graph, [u, w, {}]],
  'Graph.pathSum': () => [graph, [u, w, {}]],
  unroll: () => [graphs, [net, [0, 1], [1]]],

  readCsv: () => [csv, ['a,b\n1,2\n', {}]],
  readDrawing: () => [canvas, [picture, {}]],
  splitData: () => [split, [data, { test: 1 }]],
  'simdprop/split windows': () => [split, [[1, 2, 3], { length: 1 }]],
  'simdprop/split splitWindows': () => [split, [[1, 2, 3, 4], { length: 1, test: 1 }]],
  'simdprop/tabular windows': () => [tabular, [[1, 2, 3], { length: 1 }]],
  'simdprop/tabular splitWindows': () => [tabular, [[1, 2, 3, 4], { length: 1, test: 1 }]],

  'Table.fromRecords': () => [Table, [records, {}]],
  'Table.fromColumns': () => [Table, [{ mass: [1, 2] }, {}]],
  'Table.fromCsv': () => [Table, ['mass\n1\n', {}]],
  'Table.fromCsvStream': () => [Table, [['mass\n1\n'], {}]],
  'Table.has': () => [table, ['mass']],
  'Table.column': () => [table, ['mass']],
  'Table.select': () => [table, [['mass']]],
  'Table.without': () => [table, [['mass']]],
  'Table.withKinds': () => [table, [{}]],
  'Table.slice': () => [table, [0, 1]],
  'Table.pick': () => [table, [[0]]],
  'Table.withoutMissing': () => [table, [['mass']]],
  'Table.toRecords': () => [table, []],
  'Table.split': () => [table, [{ test: 1 }]],
  'Table.profile': () => [table, []],
  'Encoder.fit': () => [Encoder, [table, { target: 'island' }]],
  'Encoder.fromJSON': () => [Encoder, [encoder.toJSON()]],
  'Encoder.encode': () => [encoder, [table]],
  'Encoder.encodeInputs': () => [encoder, [table, 'float32']],
  'Encoder.decode': () => [encoder, [[0.7], 1, 0.5]],
  'TableModel.fit': () => [TableModel, [table, { target: 'island', epochs: 1 }]],
  'TableModel.load': async () => [TableModel, [await model.save(), {}]],
  'TableModel.predict': () => [model, [table, {}]],
  'TableModel.evaluate': () => [model, [table, {}]],
  'TableModel.importance': () => [model, [table, { repeats: 1 }]],
  'TableModel.save': () => [model, [{}]],

  confusionMatrix: () => [charts, [[[1]], {}]],
  importance: () => [charts, [[{ column: 'a', importance: 1, deviation: 0 }], {}]],
  learningCurve: () => [charts, [[{ epoch: 0, cost: 1 }], {}]],
  rocCurve: () => [charts, [[0.1, 0.9], [0, 1], {}]],

  readSafetensors: async () => [safetensors, [await safetensors.writeSafetensors(net), {}]],
  writeSafetensors: () => [safetensors, [net, {}]],
  readOnnx: async () => [onnx, [await onnx.writeOnnx(net), {}]],
  externalNames: async () => [onnx, [await onnx.writeOnnx(net)]],
  writeOnnx: () => [onnx, [net, {}]],
  readPyTorch: () => [pytorch, [fixture('pytorch-state.pt'), { activations: ['tanh', 'softmax'] }]],
  readBrain: () => [brain, [brainNetwork, {}]],
  readFann: () => [fann, [fixture('fann-sigmoid.net'), {}]],
  writeJavaScript: () => [exporting, [net]],
  writeC: () => [exporting, [net, {}]],
  readTfjs: () => [tfjs, [tfjsModel, tfjsWeights, {}]],
  readKeras: () => [keras, [fixture('keras-3.keras'), {}]],

  loadPredictor: async () => [predicting, [await net.save(), {}]],
  'Predictor.predict': () => [predictor, [x]],
  'Predictor.classify': () => [predictor, [x, {}]],
  parseIdx: () => [idx, [idxFile, 'labels']],
  readIdx: () => [idx, [idxFile, 'labels']],
  saveFile: () => [files, [join(folder, 'file'), new Uint8Array(1)]],
};

/** The functions, methods and constructors that the package exports: their names as in CALLS. */
function exportedCalls(): string[] {
  const items = readApi(new URL('../', import.meta.url)) as { entry: string; name: string; kind: string }[];
  const callable = items.filter(({ kind }) => ['function', 'method', 'constructor'].includes(kind));
  const counts = new Map<string, number>();
  for (const { name } of callable) counts.set(name, (counts.get(name) ?? 0) + 1);
  return callable
    .filter(({ name }) => ![CALLED_BY_HOSTS, OF_USERS, ERRORS, UNDER_MPI].some((exempt) => exempt.test(name)))
    .map(({ entry, name }) => (counts.get(name) === 1 ? name : `${entry} ${name}`));
}

/** The last word of a name: `fit` of `Network.fit`. */
const lastWord = (name: string) => name.replace(/^.*[ .]/, '');

/** The result of a call, whatever kind of function it is. The body of a generator does not run. */
async function result(name: string, owner: object, args: readonly unknown[]): Promise<unknown> {
  const call = Reflect.get(owner, lastWord(name));
  return await (name.startsWith('new ') ? Reflect.construct(call, args) : Reflect.apply(call, owner, args));
}

describe('one argument more than there are', () => {
  it('is tried with every function and method that the package exports', () => {
    expect(Object.keys(CALLS).sort()).toEqual(exportedCalls().sort());
  });

  it.each(Object.keys(CALLS))('is refused by %s', async (name) => {
    const [owner, args] = await CALLS[name]();
    await result(name, owner, args);
    const [again, same] = await CALLS[name]();
    const shown = `(?:layers\\[0\\]\\.)?(?:${name.replace(/^.* /, '').replace('.', '\\.')}|${lastWord(name)})`;
    const message = new RegExp(`^${shown}: argument ${args.length + 1}: got "surplus", want none$`);
    await expect(result(name, again, [...same, 'surplus'])).rejects.toThrow(message);
  });
});

describe('functions as callbacks of map', () => {
  it('refuse the index that map passes', () => {
    // biome-ignore lint/suspicious/noExplicitAny: a call that does not compile
    expect(() => [idxFile].map(idx.parseIdx as any)).toThrow('parseIdx: argument 3: got an array of 1, want none');
    // biome-ignore lint/suspicious/noExplicitAny: a call that does not compile
    expect(() => idx.parseIdx(idxFile, 0 as any)).toThrow('name: got 0, want a text');
    expect([idxFile].map((file) => idx.parseIdx(file).data[0])).toEqual([7]);
  });

  it('still let JSON.stringify pass its key', async () => {
    expect(JSON.stringify({ net })).toContain('Network 2-2-1');
    expect(JSON.parse(JSON.stringify({ encoder })).encoder.version).toBe(1);
    expect(await exporting.writeJavaScript(net)).toContain('export');
  });
});
