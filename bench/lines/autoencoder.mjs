import { readFile } from 'node:fs/promises';
import { adam, Network } from 'simdprop';
import { readCsv } from 'simdprop/csv';

const { inputs, targets: digits } = readCsv(await readFile('digits.csv', 'utf8'), { target: 'digit' });
const pixels = Float32Array.from(inputs, (pixel) => pixel / 16);
const training = pixels.subarray(0, 64 * 1500);
const test = pixels.subarray(64 * 1500);

const net = await Network.create({
  inputs: 64,
  layers: [
    { units: 32, activation: 'tanh' },
    { units: 8, activation: 'tanh' },
    { units: 32, activation: 'tanh' },
    { units: 64, activation: 'sigmoid' },
  ],
  cost: 'quadratic',
  seed: 1,
});
await net.fit({ inputs: training, targets: training }, { epochs: 60, optimizer: adam({ learningRate: 0.01 }) });

const mean = Array.from({ length: 64 }, (_, k) => {
  let sum = 0;
  for (let i = k; i < training.length; i += 64) sum += training[i];
  return sum / 1500;
});
const squares = (values) => values.reduce((sum, value, i) => sum + (value - test[i]) ** 2, 0) / test.length;
const returned = net.predict(test);
console.log(squares(returned).toFixed(3), squares(test.map((_, i) => mean[i % 64])).toFixed(3));

// the first half of the network as a network of its own, because forward takes no more rows than a batch
const encoder = await Network.create({
  inputs: 64,
  layers: [
    { units: 32, activation: 'tanh' },
    { units: 8, activation: 'tanh' },
  ],
});
for (const [l, layer] of encoder.layers.entries()) {
  layer.weights = net.layers[l].weights;
  layer.biases = net.layers[l].biases;
}
const known = encoder.predict(training);
const codes = encoder.predict(test);

const distance = (i, j) => {
  let sum = 0;
  for (let k = 0; k < 8; k++) sum += (codes[8 * i + k] - known[8 * j + k]) ** 2;
  return sum;
};
const nearest = Array.from({ length: 297 }, (_, i) => {
  let best = 0;
  for (let j = 1; j < 1500; j++) if (distance(i, j) < distance(i, best)) best = j;
  return digits[best];
});
const right = nearest.filter((digit, i) => digit === digits[1500 + i]).length;
console.log((right / 297).toFixed(2));

const noise = Float32Array.from({ length: 64 }, (_, k) => (k * 37) % 2);
const errorOf = (sample) => net.predict(sample).reduce((sum, value, k) => sum + (value - sample[k]) ** 2, 0) / 64;
const largest = Math.max(...Array.from({ length: 297 }, (_, i) => errorOf(test.subarray(64 * i, 64 * i + 64))));
console.log(errorOf(noise) > 3 * largest);
