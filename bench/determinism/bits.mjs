// Trainings whose weights must have the same bits everywhere. Node, the pages and the tests run this same file. Small
// networks come first, one group for each thing that might differ between engines, so that a wrong hash shows the
// cause. The MNIST digits follow if they are installed.

/** Random numbers in [0, 1), computed with integers only: Park and Miller's generator. */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state * 48271) % 0x7fffffff;
    return state / 0x7fffffff;
  };
}

const INPUTS = 40;
const SAMPLES = 200;

/** Samples of which three inputs in ten are not zero. `targets` makes the targets from the same random numbers. */
function makeData(targets) {
  const random = numbers(7);
  const inputs = new Float32Array(INPUTS * SAMPLES);
  inputs.forEach((_, i) => {
    inputs[i] = random() < 0.3 ? random() - 0.5 : 0;
  });
  return { inputs, targets: targets(random) };
}

const labels = (random) => new Uint8Array(SAMPLES).map(() => Math.floor(5 * random()));
const rows = (low, high) => (random) => new Float32Array(5 * SAMPLES).map(() => low + (high - low) * random());
const signs = (random) => new Float32Array(5 * SAMPLES).map(() => (random() < 0.5 ? -1 : 1));

const HIDDEN = [
  'linear',
  'sigmoid',
  'tanh',
  'relu',
  'leakyRelu',
  'elu',
  'selu',
  'gelu',
  'silu',
  'softplus',
  'softsign',
  'hardSigmoid',
];

/** Activations that were added later. They are not in the layer of all activations above, whose hash is published. */
const LATER = [
  'prelu',
  { name: 'leakyRelu', slope: 0.2 },
  'relu6',
  { name: 'elu', alpha: 0.5 },
  'geluTanh',
  'mish',
  'hardSwish',
];
const wordOf = (activation) =>
  typeof activation === 'string' ? activation : `${activation.name} ${activation.slope ?? activation.alpha}`;

const COSTS = {
  quadratic: ['sigmoid', rows(0, 1)],
  binaryCrossEntropy: ['sigmoid', rows(0, 1)],
  categoricalCrossEntropy: ['softmax', labels],
  meanAbsoluteError: ['linear', rows(-1, 1)],
  hinge: ['tanh', signs],
  kullbackLeibler: ['softmax', labels],
  poisson: ['softplus', rows(0, 3)],
};

const OPTIMIZERS = [
  'sgd',
  'momentum',
  'nesterov',
  'adagrad',
  'adadelta',
  'rmsprop',
  'adam',
  'adamw',
  'nadam',
  'lion',
  'irprop',
  'lbfgs',
];

const INITIALIZERS = [
  'glorotUniform',
  'glorotNormal',
  'heUniform',
  'heNormal',
  'lecunUniform',
  'lecunNormal',
  'standardNormal',
  'scaledNormal',
  'orthogonal',
];

const CLASSIFIER = { inputs: INPUTS, cost: 'categoricalCrossEntropy', seed: 3 };
const classifier = (layer) => ({
  ...CLASSIFIER,
  layers: [
    { units: 33, activation: 'tanh', ...layer },
    { units: 5, activation: 'softmax' },
  ],
});

/** Name, options of the network, targets, options of the training. */
function groups(library) {
  const adam = library.adam({ learningRate: 0.01 });
  const isFull = (name) => name === 'irprop' || name === 'lbfgs';
  return [
    ...[...HIDDEN, ...LATER].map((activation) => [
      `activation ${wordOf(activation)}`,
      classifier({ activation }),
      labels,
      { optimizer: adam },
    ]),
    ['activation of each unit', classifier({ units: HIDDEN.length, activation: HIDDEN }), labels, { optimizer: adam }],
    [
      'later activations of each unit',
      classifier({ units: 3 * LATER.length, activation: [...LATER, ...LATER, ...LATER] }),
      labels,
      { optimizer: adam },
    ],
    ...Object.entries(COSTS).map(([cost, [activation, targets]]) => [
      `cost ${cost}`,
      {
        inputs: INPUTS,
        seed: 4,
        cost,
        layers: [
          { units: 20, activation: 'tanh' },
          { units: 5, activation },
        ],
      },
      targets,
      { optimizer: adam },
    ]),
    ...OPTIMIZERS.map((name) => [
      `optimizer ${name}`,
      classifier({}),
      labels,
      {
        optimizer: library[name](name === 'lbfgs' ? {} : { learningRate: 0.05 }),
        batchSize: isFull(name) ? SAMPLES : 16,
      },
    ]),
    ...INITIALIZERS.map((initializer) => [`initializer ${initializer}`, classifier({ initializer }), labels, {}]),
    ['dropout', classifier({ dropout: 0.3 }), labels, { optimizer: adam }],
    ['standardisation', classifier({}), labels, { optimizer: adam, standardize: true }],
    [
      'L1, L2, max-norm, clipping',
      { ...classifier({ maxNorm: 1 }), l1: 0.1, l2: 0.1 },
      labels,
      { optimizer: library.adam({ clipNorm: 0.1 }) },
    ],
    [
      'cosine schedule',
      classifier({}),
      labels,
      { optimizer: library.sgd({ learningRate: library.cosine({ initial: 0.3, epochs: 3 }) }) },
    ],
  ];
}

/** SHA-256 of all parameters and predictions. Predictions one by one and in a batch must agree. */
async function hashOf(net, inputs) {
  const slopesOf = (layer) =>
    [layer.activation].flat().flatMap((name) => (name === 'prelu' ? [layer.getSlopes()] : []));
  const parts = net.layers.flatMap((layer) => [layer.getWeights(), layer.getBiases(), ...slopesOf(layer).slice(0, 1)]);
  const together = net.predict(inputs);
  for (let row = 0; row < 20; row++) {
    const alone = net.predict(inputs.subarray(row * net.inputs, (row + 1) * net.inputs));
    if (alone.some((value, j) => value !== together[row * net.outputs + j])) return 'alone and in a batch differ';
  }
  const all = new Float32Array([...parts, together].reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of [...parts, together]) {
    all.set(part, at);
    at += part.length;
  }
  const digest = await crypto.subtle.digest('SHA-256', all);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Returns an object that maps the name of each training to its hash. `create` makes a network from options. `digits`
 * are { inputs, targets } of MNIST; without them, only the small networks are trained.
 */
export async function hashes(library, create, digits) {
  const found = {};
  for (const [name, options, targets, training] of groups(library)) {
    const net = await create(options);
    const data = makeData(targets);
    await net.fit(data, { epochs: 3, batchSize: 16, optimizer: library.sgd({ learningRate: 0.1 }), ...training });
    found[name] = await hashOf(net, data.inputs);
    net.dispose();
  }
  if (!digits) return found;
  const layers = [
    { units: 128, activation: 'relu', dropout: 0.1 },
    { units: 10, activation: 'softmax' },
  ];
  const net = await create({ inputs: 784, cost: 'categoricalCrossEntropy', scale: 1 / 255, seed: 42, layers });
  await net.fit(digits, { epochs: 2, batchSize: 32, optimizer: library.adam() });
  found.MNIST = await hashOf(net, digits.inputs.subarray(0, 784 * 1000));
  net.dispose();
  return found;
}
