import { readFile } from 'node:fs/promises';
import { adam, Network } from 'simdprop';

const [header, ...lines] = (await readFile('cars.csv', 'utf8')).trim().split('\n');
const names = header.split(',');
const records = lines.map((line) => {
  const fields = line.split(',').map((field) => (field === '' ? null : field));
  return Object.fromEntries(names.map((name, k) => [name, fields[k]]));
});
const cars = records
  .filter((record) => record.Miles_per_Gallon !== null)
  .map((record) => ({ ...record, make: record.Name.split(' ')[0] }));

const NUMBERS = ['Displacement', 'Horsepower', 'Weight_in_lbs', 'Acceleration', 'Year'];
const CATEGORIES = ['Cylinders', 'Origin'];
const numberOf = (record, name) => (name === 'Year' ? Date.parse(record[name]) / 86_400_000 : Number(record[name]));
function encoderOf(training) {
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
  return (record) => {
    const row = [];
    for (const name of NUMBERS) {
      const { median, mean, deviation, hasMissing } = scales[name];
      const isMissing = record[name] === null;
      row.push(((isMissing ? median : numberOf(record, name)) - mean) / deviation);
      if (hasMissing) row.push(Number(isMissing));
    }
    for (const [name, values] of categories) row.push(...values.map((value) => Number(record[name] === value)));
    return row;
  };
}

const randomOf = (seed) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
};
const shuffled = (values, random) => {
  const result = [...values];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
};
function split(seed, group) {
  const random = randomOf(seed);
  const count = Math.round(cars.length * 0.2);
  if (!group) {
    const order = shuffled(cars, random);
    return { test: order.slice(0, count), training: order.slice(count) };
  }
  const test = [];
  const chosen = new Set();
  for (const value of shuffled(new Set(cars.map((car) => car[group])), random)) {
    const own = cars.filter((car) => car[group] === value);
    if (test.length + own.length > count) continue;
    test.push(...own);
    chosen.add(value);
  }
  return { test, training: cars.filter((car) => !chosen.has(car[group])) };
}

async function errorOf({ training, test }) {
  const encode = encoderOf(training);
  const inputsOf = (rows) => Float32Array.from(rows.flatMap(encode));
  const targets = training.map((record) => Number(record.Miles_per_Gallon));
  const mean = targets.reduce((sum, value) => sum + value) / targets.length;
  const deviation = Math.sqrt(targets.reduce((sum, value) => sum + (value - mean) ** 2, 0) / targets.length);
  const inputs = inputsOf(training);
  const net = await Network.create({
    inputs: inputs.length / training.length,
    layers: [
      { units: 8, activation: 'tanh' },
      { units: 1, activation: 'linear' },
    ],
    seed: 1,
  });
  const data = { inputs, targets: Float32Array.from(targets, (value) => (value - mean) / deviation) };
  await net.fit(data, { epochs: 100, optimizer: adam({ learningRate: 0.01 }) });
  const predicted = net.predict(inputsOf(test)).map((output) => mean + deviation * output);
  net.dispose();
  const errors = test.map((record, i) => Math.abs(Number(record.Miles_per_Gallon) - predicted[i]));
  return errors.reduce((sum, error) => sum + error) / errors.length;
}
let known = 0;
let unknown = 0;
for (let seed = 0; seed < 20; seed++) {
  known += (await errorOf(split(seed))) / 20;
  unknown += (await errorOf(split(seed, 'make'))) / 20;
}
console.log(known.toFixed(2), unknown.toFixed(2));
