import type { LayerOptions } from '../src/index.js';
import { alignTable, describeMachine, machineLine, saveResult } from './machine.js';
import { median, pairedRatio } from './medians.js';
import { takeTurns } from './turns.js';

// npm run bench:predictor: the speed of simdprop/predict beside that of predict of the whole library, on the same
// networks and rows, in turns in one process. Before anything is measured, their outputs are compared bit by bit.

const { Network } = (await import('../dist/index.js' as string)) as typeof import('../src/index.js');
const { loadPredictor } = (await import('../dist/predict.js' as string)) as typeof import('../src/predict.js');

const ROUNDS = 21;

/** `calls`: so many are timed together that they take some milliseconds. */
const CONTESTS = [
  { units: [2, 2, 1], rows: 1, calls: 20_000 },
  { units: [2, 2, 1], rows: 256, calls: 1000 },
  { units: [784, 30, 10], rows: 1, calls: 2000 },
  { units: [784, 30, 10], rows: 256, calls: 20 },
  { units: [784, 128, 10], rows: 1, calls: 1000 },
  { units: [784, 128, 10], rows: 256, calls: 5 },
  { units: [784, 512, 512, 10], rows: 1, calls: 100 },
  { units: [784, 512, 512, 10], rows: 256, calls: 1 },
];

const results: { name: string; simdprop: number; predictor: number; ratio: number }[] = [];
for (const { units, rows, calls } of CONTESTS) {
  const [inputs, ...widths] = units;
  const layers = widths.map((count, l): LayerOptions => {
    const last = count === 1 ? 'sigmoid' : 'softmax';
    return { units: count, activation: l < widths.length - 1 ? 'relu' : last };
  });
  const net = await Network.create({ inputs, layers, seed: 1 });
  const predictor = await loadPredictor(await net.save());
  const x = Float32Array.from({ length: rows * inputs }, (_, i) => Math.abs(Math.sin(i)));
  const [whole, small] = [net.predict(x), predictor.predict(x)];
  if (Buffer.compare(Buffer.from(whole.buffer), Buffer.from(small.buffer)) !== 0) {
    throw new Error(`${units.join('-')}, ${rows} rows: got other outputs of simdprop/predict than of simdprop`);
  }
  const repeat = (predict: (x: Float32Array) => unknown) => () => {
    for (let i = 0; i < calls; i++) predict(x);
  };
  const contenders = [
    { name: 'simdprop', run: repeat((values) => net.predict(values)), isAsync: false },
    { name: 'simdprop/predict', run: repeat((values) => predictor.predict(values)), isAsync: false },
  ];
  const [theirs, ours] = await takeTurns(contenders, { rounds: ROUNDS, warmUpRounds: 5, iterations: 5 });
  const perSecond = (times: readonly number[]) => (1000 * rows * calls) / median(times);
  results.push({
    name: `${units.join('-')}, ${rows} ${rows === 1 ? 'row' : 'rows'} a call`,
    simdprop: perSecond(theirs),
    predictor: perSecond(ours),
    ratio: pairedRatio(theirs, ours),
  });
  net.dispose();
  predictor.dispose();
}

const machine = describeMachine();
const inThousands = (value: number) => `${Math.round(value / 1000).toLocaleString('en')} k`;
console.log(machineLine(machine));
console.log(
  alignTable([
    ['rows per second', 'simdprop', 'simdprop/predict', 'ratio'],
    ...results.map(({ name, simdprop, predictor, ratio }) => [
      name,
      inThousands(simdprop),
      inThousands(predictor),
      ratio.toFixed(2),
    ]),
  ]),
);
console.log(saveResult(`predictor-${machine.date}`, machine, { rows: results }));
