import { readFile } from 'node:fs/promises';
import { adam, Network } from 'simdprop';

const lines = (await readFile('co2-concentration.csv', 'utf8')).trim().split('\n').slice(1);
const co2 = lines.map((line) => Number(line.split(',')[1]));
const changes = co2.slice(1).map((value, i) => value - co2[i]);

// windows of a part have all their targets in it; their inputs may reach back
const LENGTH = 24;
const HORIZON = 12;
const windowsOf = (from, to) => {
  const inputs = [];
  const targets = [];
  for (let i = Math.max(from, LENGTH); i + HORIZON <= to; i++) {
    inputs.push(...changes.slice(i - LENGTH, i));
    targets.push(...changes.slice(i, i + HORIZON));
  }
  return { inputs: Float32Array.from(inputs), targets: Float32Array.from(targets) };
};
const count = Math.round(changes.length * 0.2);
const ends = [changes.length - 2 * count, changes.length - count, changes.length];
const training = windowsOf(0, ends[0]);
const validation = windowsOf(ends[0], ends[1]);
const test = windowsOf(ends[1], ends[2]);

// each of the twelve targets has its own scale
const rows = training.targets.length / HORIZON;
const scales = Array.from({ length: HORIZON }, (_, k) => {
  const values = Array.from({ length: rows }, (_, i) => training.targets[HORIZON * i + k]);
  const mean = values.reduce((sum, value) => sum + value) / rows;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows;
  return { mean, deviation: Math.sqrt(variance) };
});
const scaled = ({ inputs, targets }) => ({
  inputs,
  targets: targets.map((value, i) => (value - scales[i % HORIZON].mean) / scales[i % HORIZON].deviation),
});
const net = await Network.create({
  inputs: LENGTH,
  layers: [
    { units: 16, activation: 'tanh' },
    { units: HORIZON, activation: 'linear' },
  ],
  seed: 1,
});
const reports = await net.fit(scaled(training), {
  epochs: 500,
  optimizer: adam({ learningRate: 0.01 }),
  standardize: true,
  validation: scaled(validation),
  earlyStopping: { patience: 20 },
});
console.log(reports.length < 500);
const predict = (inputs) =>
  net.predict(inputs).map((value, i) => scales[i % HORIZON].mean + scales[i % HORIZON].deviation * value);
const errorOf = (values) =>
  values.reduce((sum, value, i) => sum + Math.abs(value - test.targets[i]), 0) / values.length;

const windows = test.targets.length / HORIZON;
const lastYear = test.targets.map((_, i) => test.inputs[24 * Math.floor(i / 12) + 12 + (i % 12)]);
console.log(windows, errorOf(predict(test.inputs)).toFixed(2), errorOf(lastYear).toFixed(2));

const next = predict(Float32Array.from(changes.slice(-LENGTH)));
const levels = [...next].map((_, i) => co2.at(-1) + next.subarray(0, i + 1).reduce((sum, change) => sum + change));
console.log(levels.map(Math.round).join(' '));
