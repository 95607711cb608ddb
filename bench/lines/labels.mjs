import { readFile } from 'node:fs/promises';
import { adam, Network } from 'simdprop';
import { readCsv } from 'simdprop/csv';

const { inputs, targets } = readCsv(await readFile('digits.csv', 'utf8'), { target: 'digit' });
const NAMES = ['even', 'large', 'loop'];
const labelsOf = (digit) => [digit % 2 === 0, digit >= 5, [0, 6, 8, 9].includes(digit)].map(Number);
const part = (from, to) => ({
  inputs: inputs.subarray(64 * from, 64 * to).map((pixel) => pixel / 16),
  targets: Float32Array.from([...targets.subarray(from, to)].flatMap(labelsOf)),
});

const net = await Network.create({
  inputs: 64,
  layers: [{ units: 32, activation: 'relu' }, { units: 3 }],
  cost: 'binaryCrossEntropy',
  seed: 1,
});
await net.fit(part(0, 1500), { epochs: 30, optimizer: adam({ learningRate: 0.01 }) });

const test = part(1500, 1797);
function evaluate({ inputs, targets }, thresholds) {
  const outputs = net.predict(Float32Array.from(inputs));
  const predicted = outputs.map((output, i) => Number(output > thresholds[i % 3]));
  const isRight = predicted.map((label, i) => Number(label === targets[i]));
  const rows = targets.length / 3;
  let exact = 0;
  for (let i = 0; i < rows; i++) exact += isRight[3 * i] * isRight[3 * i + 1] * isRight[3 * i + 2];
  const byLabel = NAMES.map((_, k) => {
    let hits = 0;
    let support = 0;
    let found = 0;
    for (let i = k; i < targets.length; i += 3) {
      hits += predicted[i] * targets[i];
      support += targets[i];
      found += predicted[i];
    }
    return { recall: support ? hits / support : 0, precision: found ? hits / found : 0 };
  });
  const labelAccuracy = isRight.reduce((sum, value) => sum + value) / targets.length;
  return { exactMatch: exact / rows, labelAccuracy, byLabel };
}
const { exactMatch, labelAccuracy, byLabel } = evaluate(test, [0.5, 0.5, 0.5]);
console.log(exactMatch.toFixed(2), labelAccuracy.toFixed(2));
console.log(byLabel.map(({ recall }, k) => `${NAMES[k]} ${recall.toFixed(2)}`).join(', '));
const first = net.predict(Float32Array.from(test.inputs.subarray(0, 64 * 4)));
console.log([0, 1, 2, 3].map((i) => NAMES.filter((_, k) => first[3 * i + k] > 0.5)));
console.log(targets.subarray(1500, 1504));

const eager = evaluate(test, [0.5, 0.5, 0.1]);
console.log(eager.byLabel[2].recall.toFixed(2), eager.byLabel[2].precision.toFixed(2));
