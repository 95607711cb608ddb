import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readBrain } from '../src/brain.js';
import { importance, learningCurve, rocCurve } from '../src/charts.js';
import { writeC, writeJavaScript } from '../src/export.js';
import { readFann } from '../src/fann.js';
import { Graph } from '../src/graph/index.js';
import { classificationReport, cosine, irprop, lbfgs, Network } from '../src/index.js';
import { readCsv } from '../src/io/csv.js';
import { saveFile } from '../src/io/files.js';
import { readKeras } from '../src/keras.js';
import { readOnnx, writeOnnx } from '../src/onnx.js';
import { readPyTorch } from '../src/pytorch.js';
import { readSafetensors, writeSafetensors } from '../src/safetensors.js';
import { oneOf, search } from '../src/search.js';
import { splitData, windows } from '../src/split.js';
import { Encoder, splitWindows, Table, TableModel } from '../src/tabular.js';
import { readTfjs } from '../src/tfjs.js';
import { type Anything, create, data, messageOf, x } from './first-calls.js';

// Wrong first calls of the entries beside simdprop: nothing is accepted without effect, and messages say what to do.

const folder = mkdtempSync(join(tmpdir(), 'misuse-'));
afterAll(() => rmSync(folder, { recursive: true }));

const net = await create({ task: 'classes' });
const numbers = await create({ layers: [{ units: 1, activation: 'linear' }], task: 'numbers' });
const classes = await create({ layers: [{ units: 3, activation: 'softmax' }], task: 'classes' });
const onnx = await writeOnnx(net);
const records = Array.from({ length: 20 }, (_, i) => ({ mass: i, island: i % 2 ? 'Dream' : 'Biscoe' }));
const table = Table.fromRecords(records);
const model = await TableModel.fit(table, { target: 'island', epochs: 1 });
const csv = 'a,b\n1,2\n';
const reports = [{ epoch: 0, cost: 1, validation: { cost: 1, accuracy: 1 } }];

const kernel = { name: 'd/kernel', shape: [2, 1], dtype: 'float32' };
const tfjs = {
  format: 'layers-model',
  modelTopology: {
    class_name: 'Sequential',
    config: { layers: [{ class_name: 'Dense', config: { name: 'd', units: 1, batch_input_shape: [null, 2] } }] },
  },
  weightsManifest: [{ paths: ['w.bin'], weights: [kernel, { name: 'd/bias', shape: [1], dtype: 'float32' }] }],
};

const searched = (options: object) =>
  search({ inputs: 2, layers: [{ units: 1 }], seed: oneOf([1, 2]) }, data, { folds: 2, epochs: 1, ...options });

type Calls = [name: string, call: () => unknown, message: string][];

describe('options that would have no effect are refused', () => {
  it.each<Calls[number]>([
    [
      'shuffle with lbfgs',
      () => net.fit(data, { optimizer: lbfgs(), shuffle: true }),
      'options.shuffle: got true with lbfgs, want none: each pass must add up its sums in the same order',
    ],
    [
      'accumulate with irprop',
      () => net.fit(data, { optimizer: irprop(), accumulate: 4 }),
      'options.accumulate: got one with irprop, want none: each step has all samples',
    ],
    [
      'growth without restarts',
      () => cosine({ initial: 1, epochs: 4, growth: 2 }),
      'cosine.growth: got 2 without restarts, want restarts too, or none',
    ],
    [
      'the seed of a grid',
      () => searched({ seed: 3, workers: 0 }),
      'options.seed: got 3 without trials, want trials too, or none: a grid has no random settings',
    ],
    [
      'createWorker without workers',
      () => searched({ createWorker: () => {}, workers: 0 }),
      'options.createWorker: got one with workers: 0, want none, or workers',
    ],
    [
      'weights that an ONNX file does not name',
      () => readOnnx(onnx, { externalData: { 'w.bin': new Uint8Array(1) } }),
      'options.externalData: got "w.bin", want none, as externalNames(file) says',
    ],
    [
      'weights that a model of TensorFlow.js does not name',
      () => readTfjs(tfjs, { 'w.bin': new Uint8Array(12), 'v.bin': new Uint8Array(1) }),
      'readTfjs: weights: got "v.bin", want the paths of model.json alone: "w.bin"',
    ],
    [
      'the threshold of numbers in ONNX',
      () => writeOnnx(numbers, { threshold: 0.5 }),
      'options.threshold: got one for a network that learns numbers, want classes or labels (net.task)',
    ],
    [
      'the threshold of three classes in safetensors',
      () => writeSafetensors(classes, { threshold: 0.5 }),
      'options.threshold: got one for 3 classes, want two classes, or labels',
    ],
    [
      'a threshold that a sigmoid never reaches',
      () => writeSafetensors(net, { threshold: 7 }),
      'options.threshold: got 7, want a number from 0 to 1',
    ],
    [
      'a third node',
      () => {
        const graph = new Graph();
        const [u, v, w] = [1, 2, 3].map((value) => graph.input(value));
        graph.add(u, v, w as Anything);
      },
      'add: name: got an object (Object), want a text: sum([u, v, w]) adds more than two nodes',
    ],
  ])('%s', async (_, call, message) => {
    expect(await messageOf(call)).toBe(message);
  });

  it('and the same without them are accepted', async () => {
    await net.fit(data, { optimizer: lbfgs(), shuffle: false, epochs: 1 });
    await net.fit(data, { optimizer: irprop(), batchSize: 2, accumulate: 2, epochs: 1 });
    expect(cosine({ initial: 1, epochs: 4, growth: 2, restarts: 1 }).growth).toBe(2);
    expect((await searched({ seed: 3, trials: 1, workers: 0 })).trials).toHaveLength(1);
    const fresh = await Network.create({ inputs: 2, layers: [{ units: 2 }] });
    expect((await readOnnx(await writeOnnx(net, { threshold: 0.3 }))).threshold).toBe(0.3);
    // while the task is not known, a threshold may be for anything
    expect((await writeOnnx(fresh, { threshold: 7 })).length).toBeGreaterThan(0);
  });
});

describe('messages say what to do', () => {
  it.each<Calls[number]>([
    ['another name of splitData', () => splitData(data, { testSize: 0.2 } as Anything), ': did you mean test?'],
    ['a slip of windows', () => windows([1, 2, 3], { length: 1, horizn: 2 } as Anything), ': did you mean horizon?'],
    ['of a table', () => splitWindows(table, { length: 1, tests: 2 } as Anything), ': did you mean test?'],
    ['another name of readCsv', () => readCsv(csv, { sep: ';' } as Anything), ': did you mean delimiter?'],
    ['a slip of fromCsv', () => Table.fromCsv(csv, { delimeter: ';' } as Anything), ': did you mean delimiter?'],
    ['of fromRecords', () => Table.fromRecords(records, { kind: {} } as Anything), ': did you mean kinds?'],
    ['of fromColumns', () => Table.fromColumns({ a: [1] }, { mising: [] } as Anything), ': did you mean missing?'],
    ['of split', () => table.split({ tset: 0.2 } as Anything), ': did you mean test?'],
    ['of Encoder.fit', () => Encoder.fit(table, { targets: 'mass' } as Anything), ': did you mean target?'],
    ['of readOnnx', () => readOnnx(onnx, { networks: {} } as Anything), ': did you mean network?'],
    ['of readKeras', () => readKeras(onnx, { approx: true } as Anything), 'did you mean approximate?'],
    ['of writeC', () => writeC(net, { nam: 'xor' } as Anything), ': did you mean name?'],
    ['a path for writeOnnx', () => writeOnnx(net, 'net.onnx' as Anything), 'saveFile(path, bytes) writes what this'],
    ['a list in place of a choice', () => create({ seed: [1, 2] }), ': oneOf([1, 2]) in simdprop/search, or one of'],
    ['a model in place of its network', () => writeOnnx(model as Anything), 'want a Network: its network'],
    ['a promise of a network', () => writeJavaScript(create({}) as Anything), 'want a Network: await the promise'],
    ['a network to save', () => saveFile(join(folder, 'net'), net), 'such as net.save(): await its save()'],
    ['a model for its importance', () => importance(model as Anything), ': await its importance(rows)'],
    ['a promise of importance', () => importance(model.importance(table) as Anything), ': await the promise'],
    ['numbers in a report', () => classificationReport({}), 'which evaluate returns for networks that learn up to 256'],
    [
      'a network of brain.js',
      () => readBrain(net as Anything),
      'got an object (Network), want what its toJSON() returns',
    ],
    [
      'a path in place of JSON',
      () => readBrain('net.json'),
      ": readFileSync(path, 'utf8') or (await fetch(url)).text()",
    ],
    ['labels without a target', () => readCsv(csv, { labels: true }), 'want those of one: options.target names it'],
    [
      'marks of rows',
      () => table.pick(x.map(() => true) as Anything),
      ': marks.flatMap((is, row) => (is ? [row] : []))',
    ],
    [
      'rows of outputs',
      () => rocCurve([[0.1], [0.9]] as Anything, [0, 1]),
      'got an array of 1, want a number: rows.flat()',
    ],
    ['texts as outputs', () => rocCurve(['0.1', '0.9'] as Anything, [0, 1]), 'outputs[0]: got "0.1", want a number'],
    ['another metric', () => learningCurve(reports, { metric: 'acc' }), 'in the reports has: cost, accuracy'],
    ['outputs to decode', () => model.encoder.decode([[0.1, 0.9]] as Anything, 1), 'want a number: outputs.flat()'],
    [
      'bytes before the path',
      () => saveFile(onnx as Anything, 'net' as Anything),
      ': saveFile(path, bytes) has the path',
    ],
    ['an object of nodes', () => new Graph().evaluate({ a: 2 } as Anything), 'in a list or a Map: [[node, 3]]'],
  ])('%s', async (_, call, message) => {
    expect(await messageOf(call)).toContain(message);
  });

  it('names the reader of a file of another format', async () => {
    const fixture = (name: string) =>
      new Uint8Array(readFileSync(new URL(`exchange/fixtures/${name}`, import.meta.url)));
    const files: Readonly<Record<string, Uint8Array>> = {
      'Network.load': await net.save(),
      'readOnnx of simdprop/onnx': onnx,
      'readSafetensors of simdprop/safetensors': await writeSafetensors(net),
      'readPyTorch of simdprop/pytorch': fixture('pytorch-state.pt'),
      'readKeras of simdprop/keras': fixture('keras-3.keras'),
      'readFann of simdprop/fann': fixture('fann-sigmoid.net'),
      'readTfjs of simdprop/tfjs': new TextEncoder().encode(JSON.stringify(tfjs)),
      'readBrain of simdprop/brain': new TextEncoder().encode('{ "layers": [] }'),
    };
    const readers: Readonly<Record<string, (file: Uint8Array) => Promise<unknown>>> = {
      'Network.load': (file) => Network.load(file),
      'readOnnx of simdprop/onnx': (file) => readOnnx(file),
      'readSafetensors of simdprop/safetensors': (file) => readSafetensors(file),
      'readPyTorch of simdprop/pytorch': (file) => readPyTorch(file, { activations: ['tanh', 'softmax'] }),
      'readKeras of simdprop/keras': (file) => readKeras(file),
      'readFann of simdprop/fann': (file) => readFann(file),
      'readBrain of simdprop/brain': (file) => readBrain(file),
    };
    for (const [reader, read] of Object.entries(readers)) {
      for (const [wanted, file] of Object.entries(files)) {
        const message = await messageOf(() => read(file));
        if (reader === wanted) expect(message).not.toContain(' reads it');
        else expect(message, `${reader} of a file for ${wanted}`).toMatch(new RegExp(`[:;] ${wanted} reads it$`));
      }
    }
    expect(await messageOf(() => TableModel.load(onnx))).toContain(': readOnnx of simdprop/onnx reads it');
  });

  it('once, though calls contain each other', async () => {
    const message = await messageOf(() => TableModel.fit(records, { target: 'island', patence: 3 } as Anything));
    expect(message.split('did you mean')).toHaveLength(2);
    const inner = await messageOf(() =>
      TableModel.fit(table, { target: 'island', encodings: { mass: 'asis' } } as Anything),
    );
    expect(inner).toContain('options.encodings["mass"]: got "asis", want scale or asIs for a number');
  });
});
