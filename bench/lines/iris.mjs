import { readFile } from 'node:fs/promises';
import { adam, Network } from 'simdprop';
import { readCsv } from 'simdprop/csv';

const { columns, classes, ...flowers } = readCsv(await readFile('iris.csv', 'utf8'), {
  target: 'species',
  labels: true,
});
const net = await Network.create({
  inputs: columns.length,
  layers: [
    { units: 16, activation: 'tanh' },
    { units: classes.length, activation: 'softmax' },
  ],
  seed: 1,
});
const reports = await net.fit(flowers, {
  epochs: 100,
  optimizer: adam({ learningRate: 0.01 }),
  standardize: true,
  validationSplit: { share: 0.2, stratify: true },
});
const { confusion, samples } = reports.at(-1).validation;
console.log(
  confusion.reduce((sum, row, c) => sum + row[c], 0),
  samples,
);
console.log(columns.join(', '));
console.log(confusion.map((row, c) => `${classes[c]} ${row.join(' ')}`).join('\n'));

const classify = (network, classes, rows) => {
  const outputs = network.predict(Float32Array.from(rows.flat()));
  return rows.map((_, i) => {
    const probabilities = outputs.subarray(i * classes.length, (i + 1) * classes.length);
    return { label: classes[probabilities.indexOf(Math.max(...probabilities))], probabilities };
  });
};
const [flower] = classify(net, classes, [[6, 2.7, 4.5, 1.5]]);
console.log(flower.label, flower.probabilities[1].toFixed(2));

// the names are not part of the network's file
const file = JSON.stringify({
  classes,
  columns,
  network: Buffer.from(net.save()).toString('base64'),
});
const stored = JSON.parse(file);
const copy = await Network.load(Buffer.from(stored.network, 'base64'));
console.log(classify(copy, stored.classes, [[5.1, 3.4, 1.5, 0.2]])[0].label);
