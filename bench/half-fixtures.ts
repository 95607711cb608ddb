import { readFileSync } from 'node:fs';
import { readBrain } from '../src/brain.js';
import { readFann } from '../src/fann.js';
import { Network } from '../src/index.js';
import { readCsv } from '../src/io/csv.js';
import { readKeras } from '../src/keras.js';
import { readPyTorch } from '../src/pytorch.js';
import { readSafetensors } from '../src/safetensors.js';
import { describeMachine, machineLine, saveResult } from './machine.js';

// npm run bench:half-fixtures: what half floats change in networks that other programs have trained or made. Each is
// saved in 32 and in 16 bits, and both files predict the same rows. The numbers are the same on every machine.

const at = (path: string) => new Uint8Array(readFileSync(new URL(path, import.meta.url)));
const data = (name: string) => at(`data/${name}`);
const fixture = (name: string) => at(`../test/exchange/fixtures/${name}`);
const json = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes));

const irises = readCsv(new TextDecoder().decode(data('iris.csv')), { target: 'species', labels: true }).inputs;

/** 1000 rows of numbers from -2 to 2. */
const rowsFor = (inputs: number) => Float32Array.from({ length: 1000 * inputs }, (_, i) => 2 * Math.sin(i * i));

/** Networks by their names, with the rows that they predict, if there are better ones than any. */
const NETWORKS: Readonly<Record<string, () => Promise<{ network: Network; rows?: Float32Array | Float64Array }>>> = {
  'iris.pt (PyTorch)': async () => ({
    ...(await readPyTorch(data('iris.pt'), { activations: ['relu', 'softmax'] })),
    rows: irises,
  }),
  'iris.keras': async () => ({ ...(await readKeras(data('iris.keras'))), rows: irises }),
  'iris.safetensors (scikit-learn)': async () => ({
    ...(await readSafetensors(data('iris.safetensors'))),
    rows: irises,
  }),
  'colors-brain.json (brain.js)': () => readBrain(json(data('colors-brain.json')).network),
  'torch-prelu.pt': () => readPyTorch(fixture('torch-prelu.pt'), { activations: ['prelu', 'prelu', 'linear'] }),
  'keras315-normalised.keras': () => readKeras(fixture('keras315-normalised.keras')),
  'keras315-functional.h5': () => readKeras(fixture('keras315-functional.h5')),
  'fann-sigmoid.net': () => readFann(fixture('fann-sigmoid.net')),
  'fann-elliot.net': () => readFann(fixture('fann-elliot.net')),
};

const rows = await Promise.all(
  Object.entries(NETWORKS).map(async ([name, read]) => {
    const { network, rows: own } = await read();
    const x = own ?? rowsFor(network.inputs);
    const half = await network.save({ precision: 'f16' });
    const rounded = await Network.load(half);
    const [before, after] = [network.predict(x), rounded.predict(x)];
    const apart = Array.from(before, (value, i) => Math.abs(value - after[i]));
    return {
      name,
      parameters: network.parameters,
      largestOutput: Math.max(...before.map(Math.abs)),
      largestChange: Math.max(...apart),
      meanChange: apart.reduce((sum, change) => sum + change, 0) / apart.length,
    };
  }),
);
const machine = describeMachine();
console.log(machineLine(machine));
console.table(rows);
console.log(`saved as ${saveResult(`half-fixtures-${machine.date}`, machine, rows)}`);
