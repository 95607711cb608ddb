// synaptic: node synaptic.mjs JOB. It trains online only. Its output error is y - a, without the slope: the gradient of
// cross-entropy.
import { createRequire } from 'node:module';
import { floatsOf } from './arrays.mjs';
import { readJob, serve } from './job.mjs';

const require = createRequire(import.meta.url);
const { Architect } = require('synaptic');
const { version } = require('synaptic/package.json');

const job = readJob(process.argv[2]);
const { inputs, outputs, layers, learningRate } = job;
const floats = floatsOf(job);
const rowsOf = (m, width) => Array.from({ length: job.samples }, (_, i) => [...m.subarray(i * width, (i + 1) * width)]);
const x = rowsOf(floats, inputs);
const y = rowsOf(job.y, outputs);
let net;

await serve(`synaptic ${version}`, job, {
  reset() {
    net = new Architect.Perceptron(inputs, ...layers.map(({ units }) => units));
    // the weights must be set before the first activation, at which synaptic compiles the network
    const chain = [net.layers.input, ...net.layers.hidden, net.layers.output];
    layers.forEach(({ weights, biases, fanIn }, l) => {
      chain[l + 1].list.forEach((neuron, j) => {
        neuron.bias = biases[j];
        for (const connection of Object.values(neuron.connections.inputs)) {
          connection.weight = weights[j * fanIn + chain[l].list.indexOf(connection.from)];
        }
      });
    });
  },
  train(samples, epochs) {
    let cost = 0;
    for (let epoch = 0; epoch < epochs; ++epoch) {
      cost = 0;
      for (let i = 0; i < samples; ++i) {
        const a = net.activate(x[i]);
        net.propagate(learningRate, y[i]);
        for (let j = 0; j < outputs; ++j) cost += 0.5 * (y[i][j] - a[j]) ** 2;
      }
    }
    return cost / samples;
  },
  predict: (first) => net.activate(x[first]),
});
