import { readFile } from 'node:fs/promises';
import { adam, Network } from 'simdprop';

const [header, ...lines] = (await readFile('penguins.csv', 'utf8')).trim().split('\n');
const names = header.split(',');
const MISSING = ['', '.', 'NA'];
const TARGET = 'Body Mass (g)';
const records = lines
  .map((line) => {
    const fields = line.split(',').map((field) => (MISSING.includes(field) ? null : field));
    return Object.fromEntries(names.map((name, k) => [name, fields[k]]));
  })
  .filter((record) => record[TARGET] !== null);

let state = 1;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
for (let i = records.length - 1; i > 0; i--) {
  const j = Math.floor(random() * (i + 1));
  [records[i], records[j]] = [records[j], records[i]];
}
const count = Math.round(records.length * 0.2);
const test = records.slice(0, count);
const training = records.slice(count);

const NUMBERS = ['Beak Length (mm)', 'Beak Depth (mm)', 'Flipper Length (mm)'];
const CATEGORIES = ['Species', 'Island', 'Sex'];
const scaleOf = (values) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) || 1 };
};
const scales = NUMBERS.map((name) => [name, scaleOf(training.map((record) => Number(record[name])))]);
const categories = CATEGORIES.map((name) => [name, [...new Set(training.map((record) => record[name]))].sort()]);
const encodeRow = (record) => [
  ...scales.map(([name, { mean, deviation }]) => (Number(record[name]) - mean) / deviation),
  ...categories.flatMap(([name, values]) => values.map((value) => Number(record[name] === value))),
];
const inputsOf = (rows) => Float32Array.from(rows.flatMap(encodeRow));
const masses = (rows) => Float32Array.from(rows, (record) => Number(record[TARGET]));
const inputs = inputsOf(training);
const options = {
  inputs: inputs.length / training.length,
  layers: [
    { units: 16, activation: 'tanh' },
    { units: 1, activation: 'linear' },
  ],
  seed: 1,
};
const fitOptions = { epochs: 100, optimizer: adam({ learningRate: 0.01 }) };

const raw = await Network.create(options);
await raw.fit({ inputs, targets: masses(training) }, fitOptions);
console.log(raw.evaluate({ inputs: inputsOf(test), targets: masses(test) }).meanAbsoluteError);

const { mean, deviation } = scaleOf([...masses(training)]);
const net = await Network.create(options);
await net.fit({ inputs, targets: masses(training).map((mass) => (mass - mean) / deviation) }, fitOptions);
const predict = (rows) => net.predict(inputsOf(rows)).map((output) => mean + deviation * output);
const predicted = predict(test);
const wanted = masses(test);
const errors = wanted.map((mass, i) => Math.abs(mass - predicted[i]));
const squares = errors.reduce((sum, error) => sum + error ** 2, 0);
const own = scaleOf([...wanted]);
const r2 = 1 - squares / (wanted.length * own.deviation ** 2);
console.log(Math.round(errors.reduce((sum, error) => sum + error) / errors.length), r2.toFixed(2));
const scaled = wanted.map((mass) => (mass - mean) / deviation);
console.log(net.evaluate({ inputs: inputsOf(test), targets: scaled }).cost.toFixed(3));
console.log(predict(test.slice(0, 3)));
console.log(Math.round(mean), Math.round(deviation));
const guesses = wanted.map((mass) => Math.abs(mass - mean));
console.log(Math.round(guesses.reduce((sum, error) => sum + error) / guesses.length));
