import { readFile } from 'node:fs/promises';
import { Network } from 'simdprop';

const { moved } = JSON.parse(await readFile('scikit-learn.json', 'utf8'));
const net = await Network.create({
  inputs: 4,
  layers: [
    { units: 16, activation: 'tanh' },
    { units: 3, activation: 'softmax' },
  ],
});
const { means, deviations } = moved;
net.standardization = { means: Float32Array.from(means), deviations: Float32Array.from(deviations) };
for (const [l, layer] of net.layers.entries()) {
  const rows = moved.coefs[l];
  layer.weights = Float32Array.from(rows[0].flatMap((_, j) => rows.map((row) => row[j])));
  layer.biases = Float32Array.from(moved.intercepts[l]);
}
const differences = net
  .predict(Float32Array.from(moved.inputs.flat()))
  .map((p, i) => Math.abs(p - moved.probabilities.flat()[i]));
console.log(Math.max(...differences) < 1e-6);
