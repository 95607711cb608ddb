import { readFile } from 'node:fs/promises';
import { adam, Network } from 'simdprop';

const lines = (await readFile('seattle-weather.csv', 'utf8')).trim().split('\n').slice(1);
const days = lines.map((line) => {
  const [date, precipitation, high, low, wind, weather] = line.split(',');
  const time = Date.parse(date);
  const month = (2 * Math.PI * new Date(time).getUTCMonth()) / 12;
  const day = (2 * Math.PI * (new Date(time).getUTCDate() - 1)) / 31;
  const weekday = (2 * Math.PI * new Date(time).getUTCDay()) / 7;
  const cycles = [month, day, weekday].flatMap((angle) => [Math.sin(angle), Math.cos(angle)]);
  const numbers = [time / 86_400_000, ...[precipitation, high, low, wind].map(Number)];
  return { numbers, cycles, fog: Number(weather === 'fog') };
});

let state = 1;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const training = [];
const validation = [];
const test = [];
for (const fog of [0, 1]) {
  const own = days.filter((day) => day.fog === fog);
  for (let i = own.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [own[i], own[j]] = [own[j], own[i]];
  }
  const count = Math.round(own.length * 0.2);
  test.push(...own.slice(0, count));
  validation.push(...own.slice(count, 2 * count));
  training.push(...own.slice(2 * count));
}
const scales = training[0].numbers.map((_, k) => {
  const mean = training.reduce((sum, { numbers }) => sum + numbers[k], 0) / training.length;
  const variance = training.reduce((sum, { numbers }) => sum + (numbers[k] - mean) ** 2, 0) / training.length;
  return { mean, deviation: Math.sqrt(variance) };
});
const encode = (rows) => ({
  inputs: Float32Array.from(
    rows.flatMap(({ numbers, cycles }) => [
      ...numbers.map((value, k) => (value - scales[k].mean) / scales[k].deviation),
      ...cycles,
    ]),
  ),
  targets: Uint8Array.from(rows, ({ fog }) => fog),
});
const heldBack = encode(validation);
const newDays = encode(test);

const trained = async (options) => {
  const net = await Network.create({
    inputs: heldBack.inputs.length / heldBack.targets.length,
    layers: [{ units: 16, activation: 'tanh' }, { units: 1 }],
    cost: 'binaryCrossEntropy',
    seed: 1,
  });
  const rest = { epochs: 100, validation: heldBack, earlyStopping: { patience: 20 } };
  await net.fit(encode(training), { ...rest, optimizer: adam({ learningRate: 0.01 }), ...options });
  return net;
};
const confusionOf = (net, { inputs, targets }, threshold = 0.5) => {
  const confusion = [
    [0, 0],
    [0, 0],
  ];
  for (const [i, output] of net.predict(inputs).entries()) confusion[targets[i]][Number(output > threshold)]++;
  return confusion;
};
const net = await trained({});
const plain = net.evaluate(newDays, { rocAuc: true });
console.log(plain.accuracy.toFixed(2), plain.rocAuc.toFixed(2));
console.log(plain.confusion.map((row) => row.join(' ')).join(' | '));

const rocOf = (outputs, { targets }) => {
  const shareOf = (label, t) => {
    const own = outputs.filter((_, i) => targets[i] === label);
    return own.filter((output) => output > t).length / own.length;
  };
  return [...new Set(outputs)].map((t) => ({ threshold: t, alarms: shareOf(0, t), found: shareOf(1, t) }));
};

const price = ({ alarms, found }) => alarms * 0.93 + 10 * (1 - found) * 0.07;
const curve = rocOf(net.predict(heldBack.inputs), heldBack);
const { threshold } = curve.reduce((best, point) => (price(point) < price(best) ? point : best));
console.log(threshold.toFixed(2));
const chosen = confusionOf(net, newDays, threshold);
console.log(chosen.map((row) => row.join(' ')).join(' | '));

const weighted = await trained({ classWeights: [1, 10] });
const { confusion, rocAuc } = weighted.evaluate(newDays, { rocAuc: true });
console.log(confusion.map((row) => row.join(' ')).join(' | '), rocAuc.toFixed(2));
