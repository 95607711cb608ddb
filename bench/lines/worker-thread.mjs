import { parentPort, workerData } from 'node:worker_threads';
import { adam, Network } from 'simdprop';

const { digits, epochs } = workerData;
const net = await Network.create({
  inputs: 64,
  layers: [
    { units: 32, activation: 'relu' },
    { units: 10, activation: 'softmax' },
  ],
  seed: 1,
});
const { inputs, targets } = digits;
const count = Math.round(targets.length * 0.8);
const training = { inputs: inputs.subarray(0, 64 * count), targets: targets.subarray(0, count) };
const validation = { inputs: inputs.subarray(64 * count), targets: targets.subarray(count) };
await net.fit(training, {
  epochs,
  optimizer: adam({ learningRate: 0.01 }),
  validation,
  onEpoch({ epoch, validation }) {
    parentPort.postMessage({ epoch, accuracy: validation.accuracy });
  },
});
parentPort.postMessage({ bytes: net.save() });
