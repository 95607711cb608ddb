import { readFile } from 'node:fs/promises';
import { adam, Network } from 'simdprop';

const [header, ...lines] = (await readFile('cars.csv', 'utf8')).trim().split('\n');
const names = header.split(',');
const records = lines.map((line) => {
  const fields = line.split(',').map((field) => (field === '' ? null : field));
  return Object.fromEntries(names.map((name, k) => [name, fields[k]]));
});
const cars = records.filter((record) => record.Miles_per_Gallon !== null);
console.log(records.length, cars.length);

let state = 1;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
for (let i = cars.length - 1; i > 0; i--) {
  const j = Math.floor(random() * (i + 1));
  [cars[i], cars[j]] = [cars[j], cars[i]];
}
const count = Math.round(cars.length * 0.2);
const test = cars.slice(0, count);
const training = cars.slice(count);

// numbers are scaled, missing ones are the median and are marked; the year becomes a number
const NUMBERS = ['Displacement', 'Horsepower', 'Weight_in_lbs', 'Acceleration', 'Year'];
const CATEGORIES = ['Cylinders', 'Origin'];
const numberOf = (record, name) => (name === 'Year' ? Date.parse(record[name]) / 86_400_000 : Number(record[name]));
const scales = {};
for (const name of NUMBERS) {
  const known = training.filter((record) => record[name] !== null).map((record) => numberOf(record, name));
  known.sort((a, b) => a - b);
  const half = known.length / 2;
  const median = known.length % 2 ? known[Math.floor(half)] : (known[half - 1] + known[half]) / 2;
  const filled = training.map((record) => (record[name] === null ? median : numberOf(record, name)));
  const mean = filled.reduce((sum, value) => sum + value, 0) / filled.length;
  const variance = filled.reduce((sum, value) => sum + (value - mean) ** 2, 0) / filled.length;
  scales[name] = { median, mean, deviation: Math.sqrt(variance) || 1, hasMissing: known.length < training.length };
}
const categories = CATEGORIES.map((name) => [name, [...new Set(training.map((record) => record[name]))].sort()]);
const encodeRow = (record) => {
  const row = [];
  for (const name of NUMBERS) {
    const { median, mean, deviation, hasMissing } = scales[name];
    const isMissing = record[name] === null;
    row.push(((isMissing ? median : numberOf(record, name)) - mean) / deviation);
    if (hasMissing) row.push(Number(isMissing));
  }
  for (const [name, values] of categories) row.push(...values.map((value) => Number(String(record[name]) === value)));
  return row;
};

// the targets are scaled too
const targets = training.map((record) => Number(record.Miles_per_Gallon));
const mean = targets.reduce((sum, value) => sum + value) / targets.length;
const deviation = Math.sqrt(targets.reduce((sum, value) => sum + (value - mean) ** 2, 0) / targets.length);
const inputsOf = (rows) => Float32Array.from(rows.flatMap(encodeRow));
const data = { inputs: inputsOf(training), targets: Float32Array.from(targets, (value) => (value - mean) / deviation) };
const net = await Network.create({
  inputs: data.inputs.length / training.length,
  layers: [
    { units: 64, activation: 'tanh' },
    { units: 1, activation: 'linear' },
  ],
  seed: 1,
});
await net.fit(data, {
  epochs: 400,
  optimizer: adam({ learningRate: 0.003 }),
  validationSplit: 0.2,
  earlyStopping: { patience: 20 },
});
const predict = (rows) => net.predict(inputsOf(rows)).map((output) => mean + deviation * output);
const wanted = test.map((record) => Number(record.Miles_per_Gallon));
const meanWanted = wanted.reduce((sum, value) => sum + value) / wanted.length;
const spread = wanted.reduce((sum, value) => sum + (value - meanWanted) ** 2, 0);
const r2Of = (predicted) => 1 - wanted.reduce((sum, value, i) => sum + (value - predicted[i]) ** 2, 0) / spread;
const predicted = predict(test);
const error = wanted.reduce((sum, value, i) => sum + Math.abs(value - predicted[i]), 0) / wanted.length;
console.log(error.toFixed(1), r2Of(predicted).toFixed(2));

const car = { Cylinders: 4, Displacement: 97, Horsepower: null, Weight_in_lbs: 2130, Acceleration: 15 };
console.log(Math.round(predict([{ ...car, Year: '1980-01-01', Origin: 'Japan' }])[0]));

const REPEATS = 5;
const importance = [...NUMBERS, ...CATEGORIES].map((column) => {
  let sum = 0;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const values = test.map((record) => record[column]);
    for (let i = values.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [values[i], values[j]] = [values[j], values[i]];
    }
    sum += r2Of(predicted) - r2Of(predict(test.map((record, i) => ({ ...record, [column]: values[i] }))));
  }
  return { column, importance: sum / REPEATS };
});
importance.sort((a, b) => b.importance - a.importance);
const [first, second, third] = importance;
console.log(first.column, first.importance.toFixed(2));
console.log(second.column, second.importance.toFixed(2), third.column, third.importance.toFixed(2));
