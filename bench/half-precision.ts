import { adam, Network } from '../src/index.js';
import { describeMachine, machineLine, saveResult } from './machine.js';
import { BYTE_SCALE, digitsRange, loadDigits, PIXELS } from './workloads.js';

// npm run bench:half-precision: what half floats change. A network for the MNIST digits is saved in 32 and in 16 bits,
// and both files predict the 10,000 test digits. The results are the same on every machine.

const { train, test } = loadDigits();
const net = await Network.create({
  inputs: PIXELS,
  layers: [
    { units: 128, activation: 'relu' },
    { units: 10, activation: 'softmax' },
  ],
  scale: BYTE_SCALE,
  seed: 1,
});
await net.fit(digitsRange(train, 0, 60_000), { epochs: 5, batchSize: 32, optimizer: adam() });
const file = await net.save();
const half = await net.save({ precision: 'f16' });
const rounded = await Network.load(half);

const digits = digitsRange(test, 0, 10_000);
const [outputs, changed] = [net.predict(digits.inputs), rounded.predict(digits.inputs)];
const labels = (all: Float32Array) =>
  Array.from(digits.targets, (_, row) => {
    const own = all.subarray(10 * row, 10 * (row + 1));
    return own.indexOf(Math.max(...own));
  });
const differences = Array.from(outputs, (value, i) => Math.abs(value - changed[i]));
const [before, after] = [labels(outputs), labels(changed)];
const accuracyOf = (answers: readonly number[]) => answers.filter((label, i) => label === digits.targets[i]).length;

const result = {
  bytes: { f32: file.length, f16: half.length },
  largestDifference: Math.max(...differences),
  meanDifference: differences.reduce((sum, difference) => sum + difference, 0) / differences.length,
  rightOf10000: { f32: accuracyOf(before), f16: accuracyOf(after) },
  otherAnswers: before.filter((label, i) => label !== after[i]).length,
};
const machine = describeMachine();
console.log(machineLine(machine));
console.log(result);
console.log(`saved as ${saveResult(`half-precision-${machine.date}`, machine, result)}`);
