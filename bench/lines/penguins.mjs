import { readFile } from 'node:fs/promises';
import { adam, Network } from 'simdprop';

const [header, ...lines] = (await readFile('penguins.csv', 'utf8')).trim().split('\n');
const names = header.split(',');
const MISSING = ['', '.', 'NA'];
const records = lines.map((line) => {
  const fields = line.split(',').map((field) => (MISSING.includes(field) ? null : field));
  return Object.fromEntries(names.map((name, k) => [name, fields[k]]));
});
const TARGET = 'Species';
const inputNames = names.filter((name) => name !== TARGET);
const isNumber = (name) => records.every((record) => record[name] === null || Number.isFinite(Number(record[name])));
const numbers = inputNames.filter(isNumber);
const categories = inputNames.filter((name) => !isNumber(name));
for (const name of names) {
  const values = records.map((record) => record[name]).filter((value) => value !== null);
  console.log(name, records.length - values.length, 'missing,', new Set(values).size, 'different');
}

// a fifth of each species is the test
let state = 1;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const classes = [...new Set(records.map((record) => record[TARGET]))].sort();
const training = [];
const test = [];
for (const name of classes) {
  const own = records.filter((record) => record[TARGET] === name);
  for (let i = own.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [own[i], own[j]] = [own[j], own[i]];
  }
  const count = Math.round(own.length * 0.2);
  test.push(...own.slice(0, count));
  training.push(...own.slice(count));
}

// means, deviations and categories of the training part, by which all parts are encoded
const encoder = { numbers: {}, categories: {}, classes };
for (const name of numbers) {
  const known = training.filter((record) => record[name] !== null).map((record) => Number(record[name]));
  known.sort((a, b) => a - b);
  const half = known.length / 2;
  const median = known.length % 2 ? known[Math.floor(half)] : (known[half - 1] + known[half]) / 2;
  const filled = training.map((record) => (record[name] === null ? median : Number(record[name])));
  const mean = filled.reduce((sum, value) => sum + value, 0) / filled.length;
  const variance = filled.reduce((sum, value) => sum + (value - mean) ** 2, 0) / filled.length;
  const hasMissing = known.length < training.length;
  encoder.numbers[name] = { median, mean, deviation: Math.sqrt(variance) || 1, hasMissing };
}
for (const name of categories) {
  const known = training.map((record) => record[name]).filter((value) => value !== null);
  encoder.categories[name] = { values: [...new Set(known)].sort(), hasMissing: known.length < training.length };
}
const encodeRow = ({ numbers, categories }, record) => {
  const row = [];
  for (const [name, { median, mean, deviation, hasMissing }] of Object.entries(numbers)) {
    const isMissing = record[name] === null;
    row.push(((isMissing ? median : Number(record[name])) - mean) / deviation);
    if (hasMissing) row.push(Number(isMissing));
  }
  for (const [name, { values, hasMissing }] of Object.entries(categories)) {
    row.push(...values.map((value) => Number(record[name] === value)));
    if (hasMissing) row.push(Number(record[name] === null));
  }
  return row;
};
const encode = (rows) => ({
  inputs: Float32Array.from(rows.flatMap((record) => encodeRow(encoder, record))),
  targets: Uint8Array.from(rows, (record) => classes.indexOf(record[TARGET])),
});

const net = await Network.create({
  inputs: encodeRow(encoder, training[0]).length,
  layers: [
    { units: 16, activation: 'tanh' },
    { units: classes.length, activation: 'softmax' },
  ],
  seed: 1,
});
await net.fit(encode(training), { epochs: 100, optimizer: adam({ learningRate: 0.01 }) });
const { accuracy } = net.evaluate(encode(test));
console.log(Math.round(accuracy * test.length), test.length);

const classify = (network, stored, record) => {
  const outputs = network.predict(Float32Array.from(encodeRow(stored, record)));
  return stored.classes[outputs.indexOf(Math.max(...outputs))];
};
const penguin = { Island: 'Biscoe', 'Flipper Length (mm)': 217, 'Beak Length (mm)': 46, 'Beak Depth (mm)': null };
console.log(classify(net, encoder, { ...penguin, 'Body Mass (g)': null, Sex: null }));

const file = JSON.stringify({ encoder, network: Buffer.from(net.save()).toString('base64') });
const stored = JSON.parse(file);
const later = await Network.load(Buffer.from(stored.network, 'base64'));
console.log(classify(later, stored.encoder, test[0]));
