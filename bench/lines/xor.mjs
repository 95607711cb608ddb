import { adam, Network } from 'simdprop';

const xor = [
  { input: [0, 0], output: [0] },
  { input: [0, 1], output: [1] },
  { input: [1, 0], output: [1] },
  { input: [1, 1], output: [0] },
];
const net = await Network.create({ inputs: 2, layers: [{ units: 8, activation: 'tanh' }, { units: 1 }], seed: 1 });
const inputs = Float32Array.from(xor.flatMap(({ input }) => input));
const targets = Float32Array.from(xor.flatMap(({ output }) => output));
await net.fit({ inputs, targets }, { epochs: 1000, optimizer: adam({ learningRate: 0.01 }) });
console.log(net.predict(new Float32Array([1, 0])));
