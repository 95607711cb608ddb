import { adam, Network, type NetworkOptions } from '../src/index.js';

// npm run bench:defaults finds the best defaults for `fit`. For each learning rate of Adam and each number of steps, it
// counts how many of 20 seeds learn XOR, and measures small problems: the mean accuracy or R² over five seeds, on
// samples that were held back. A step takes 32 samples. Training has the fewest epochs that make up this number of
// steps.

const RATES = [0.001, 0.003, 0.01, 0.03, 0.1];
const STEPS = [500, 1000, 2000, 4000];
const BATCH = 32;

interface Problem {
  readonly name: string;
  readonly network: NetworkOptions;
  readonly training: { inputs: number[][]; targets: number[] | number[][] };
  readonly test: { inputs: number[][]; targets: number[] | number[][] };
}

/** Numbers in [0, 1) by integer arithmetic alone: Park and Miller's generator. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 0x7fffffff;
    return state / 0x7fffffff;
  };
}

/** Half of the samples to train on, half to test with. */
function problemOf(name: string, network: NetworkOptions, samples: [x: number[], y: number | number[]][]): Problem {
  const part = (rest: number) => {
    const own = samples.filter((_, i) => i % 2 === rest);
    return { inputs: own.map(([x]) => x), targets: own.map(([, y]) => y) as number[] };
  };
  return { name, network, training: part(0), test: part(1) };
}

const random = numbers(7);
const spread = () => 2 * random() - 1;
const noise = () => random() + random() + random() - 1.5;
const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const hidden = (units: number) => ({ units, activation: 'relu' }) as const;

const PROBLEMS: readonly Problem[] = [
  problemOf(
    'ring of 200',
    { inputs: 2, layers: [hidden(16), { units: 1 }] },
    times(200, () => {
      const x = [spread(), spread()];
      return [x, Number(Math.hypot(...x) > 0.8)];
    }),
  ),
  problemOf(
    'blobs of 300',
    { inputs: 4, layers: [hidden(16), { units: 3, activation: 'softmax' }] },
    times(300, (i) => [times(4, (k) => Number(k === i % 3) + noise()), i % 3]),
  ),
  problemOf(
    'sine of 200',
    {
      inputs: 1,
      layers: [
        { units: 16, activation: 'tanh' },
        { units: 1, activation: 'linear' },
      ],
    },
    times(200, () => {
      const x = spread();
      return [[x], Math.sin(4 * x) + 0.2 * noise()];
    }),
  ),
  problemOf(
    'plane of 4000',
    { inputs: 10, layers: [hidden(16), { units: 1, activation: 'linear' }] },
    times(4000, () => {
      const x = times(10, spread);
      return [x, x.reduce((sum, value, k) => sum + (k % 3) * value, 0) + 0.3 * noise()];
    }),
  ),
];

const epochsFor = (steps: number, samples: number) => Math.ceil(steps / Math.ceil(samples / BATCH));

const XOR = { inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [[0], [1], [1], [0]] }; // biome-ignore format: a table

/** True if all four outputs are on the right side, and within 0.2 of their targets. */
async function learnsXor(seed: number, units: number, learningRate: number, steps: number): Promise<boolean> {
  const net = await Network.create({ inputs: 2, layers: [{ units, activation: 'tanh' }, { units: 1 }], seed });
  await net.fit(XOR, { optimizer: adam({ learningRate }), epochs: epochsFor(steps, 4), batchSize: BATCH });
  const outputs = net.predict(XOR.inputs);
  net.dispose();
  return XOR.targets.every(([y], i) => Math.abs(outputs[i] - y) < 0.2);
}

async function scoreOf({ network, training, test }: Problem, learningRate: number, steps: number): Promise<number> {
  let sum = 0;
  for (let seed = 1; seed <= 5; seed++) {
    const net = await Network.create({ ...network, seed });
    const epochs = epochsFor(steps, training.inputs.length);
    await net.fit(training, { optimizer: adam({ learningRate }), epochs, batchSize: BATCH });
    const { accuracy, r2 } = await net.evaluate(test);
    sum += (accuracy ?? r2 ?? 0) / 5;
    net.dispose();
  }
  return sum;
}

const WIDTHS = [3, 4, 8];
const titles = ['rate', 'steps', ...WIDTHS.map((units) => `XOR 2-${units}-1`), ...PROBLEMS.map(({ name }) => name)];
console.log(titles.join(' | '));
for (const rate of RATES) {
  for (const steps of STEPS) {
    const learnt: string[] = [];
    for (const units of WIDTHS) {
      let count = 0;
      for (let seed = 1; seed <= 20; seed++) count += Number(await learnsXor(seed, units, rate, steps));
      learnt.push(`${count}/20`);
    }
    const scores: string[] = [];
    for (const problem of PROBLEMS) scores.push((await scoreOf(problem, rate, steps)).toFixed(3));
    console.log([rate, steps, ...learnt, ...scores].join(' | '));
  }
}
