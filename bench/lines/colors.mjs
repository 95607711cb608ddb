import { adam, Network } from 'simdprop';

const colors = [
  { r: 0.03, g: 0.7, b: 0.5, text: 'black' },
  { r: 0.16, g: 0.09, b: 0.2, text: 'white' },
  { r: 0.5, g: 0.5, b: 1.0, text: 'white' },
];
const columns = ['r', 'g', 'b'];
const classes = [...new Set(colors.map(({ text }) => text))].sort();
const inputsOf = (records) => Float32Array.from(records.flatMap((record) => columns.map((name) => record[name])));
const net = await Network.create({
  inputs: columns.length,
  layers: [{ units: 4 }, { units: classes.length, activation: 'softmax' }],
  seed: 1,
});
const targets = Uint8Array.from(colors, ({ text }) => classes.indexOf(text));
const optimizer = adam({ learningRate: 0.01 });
await net.fit({ inputs: inputsOf(colors), targets }, { epochs: 1000, standardize: true, optimizer });
const outputs = net.predict(inputsOf([{ r: 1, g: 0.4, b: 0 }]));
console.log(classes[outputs.indexOf(Math.max(...outputs))]);
