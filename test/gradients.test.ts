import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  deltas,
  forward,
  gradients,
  isPrelu,
  numericGradients,
  type ReferenceNetwork,
  slopeDeltas,
  slopesOf,
  step,
} from '../src/inspection/reference.js';
import { sgd } from '../src/spec/optimizer.js';
import { ELEMENTWISE, expectWithin, kinkDistance, noErrors, passErrors, stepErrors } from './bounds.js';
import { createNetwork } from './build.js';
import { randomNumbers, SEED } from './random-numbers.js';

// Compares the core with the reference on random networks: random shapes, costs and batches, layers with biases and
// without, and random activations, one for a layer or one for each of its units.

const MIXED = 'mixed';

const hiddenActivation = fc.constantFrom(...ELEMENTWISE, MIXED, MIXED, MIXED);
const output = fc.constantFrom(
  ...[...ELEMENTWISE, MIXED, 'softmax'].map((activation) => ({ cost: 'quadratic', activation })),
  { cost: 'binaryCrossEntropy', activation: 'sigmoid' },
  { cost: 'categoricalCrossEntropy', activation: 'softmax' } as const,
);
const width = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(15, 16, 17, 33));

const scenario = fc
  .record({
    inputs: width,
    hidden: fc.array(fc.record({ units: width, activation: hiddenActivation, hasBias: fc.boolean() }), {
      maxLength: 3,
    }),
    outputs: width,
    output,
    hasBias: fc.boolean(),
    rows: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(7, 10, 33)),
    l2: fc.constantFrom(0, 0.1, 2),
    zeroInputs: fc.boolean(),
    seed: fc.nat(),
  })
  // softmax needs at least two outputs
  .filter(({ output, outputs }) => output.activation !== 'softmax' || outputs > 1);

type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

/** The network, the batch and the targets of a scenario, with numbers that are all exact in f32. */
function build({ inputs, hidden, outputs, output: { cost, activation }, hasBias, rows, zeroInputs, seed }: Scenario) {
  const random = randomNumbers(seed);
  const signed = (scale: number) => Math.fround((random() * 2 - 1) * scale);
  const shapes = [...hidden, { units: outputs, activation, hasBias }];
  const network = {
    inputs,
    cost,
    layers: shapes.map(({ units, activation, hasBias }, l) => {
      const fanIn = l ? shapes[l - 1].units : inputs;
      const names = Array.from({ length: units }, () => ELEMENTWISE[Math.floor(random() * ELEMENTWISE.length)]);
      return {
        units,
        hasBias,
        activation: activation === MIXED ? names : activation,
        weights: Float64Array.from({ length: units * fanIn }, () => signed(2 / Math.sqrt(fanIn))),
        biases: Float64Array.from({ length: units }, () => (hasBias ? signed(1) : 0)),
        ...(activation === MIXED || activation === 'prelu' ? { slopes: slopesFor(names, activation, signed) } : {}),
      };
    }),
  } as ReferenceNetwork;
  // with zeroInputs, many columns are zero in all rows: the core skips these
  const used = Array.from({ length: inputs }, () => !zeroInputs || random() < 0.4);
  const x = Float64Array.from({ length: rows * inputs }, (_, i) =>
    used[i % inputs] && random() < 0.7 ? signed(2) : 0,
  );
  const y = Float64Array.from({ length: rows * outputs }, () => Math.fround(random()));
  if (activation === 'softmax') {
    for (let r = 0; r < rows; r++) {
      const hot = Math.floor(random() * outputs);
      for (let k = 0; k < outputs; k++) y[r * outputs + k] = Number(k === hot);
    }
  }
  return { network, x, y };
}

/** A slope for each unit with prelu. */
const slopesFor = (names: readonly string[], activation: string, signed: (scale: number) => number) =>
  Float64Array.from(names, (name) => ((activation === MIXED ? name : activation) === 'prelu' ? signed(0.9) : 0));

/**
 * True if some z is so close to a kink that it may be on the other side in f32, where the slope differs. This does not
 * concern a z that is exact in f32.
 */
function isNearKink(network: ReferenceNetwork, x: Float64Array, y: Float64Array): boolean {
  const values = forward(network, x);
  const bounds = passErrors(network, noErrors(network), x, y);
  return network.layers.some((layer, l) =>
    values[l].z.some((z, i) => bounds[l].z[i] > 0 && kinkDistance(layer, i % layer.units, z) <= bounds[l].z[i]),
  );
}

async function coreOf(network: ReferenceNetwork, l2: number) {
  const net = await createNetwork({
    inputs: network.inputs,
    layers: network.layers.map(({ units, activation, hasBias }) => ({ units, activation, bias: hasBias })),
    cost: network.cost,
    l2,
    batchSize: 4,
  });
  network.layers.forEach(({ weights, biases, slopes }, l) => {
    net.layers[l].setWeights(Float32Array.from(weights));
    net.layers[l].setBiases(Float32Array.from(biases));
    if (slopes) net.layers[l].setSlopes(Float32Array.from(slopes));
  });
  return net;
}

test('z, a, delta and gradients are those of the reference for any network', async () => {
  let checked = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async (given) => {
      const { network, x, y } = build(given);
      if (isNearKink(network, x, y)) return;
      checked++;
      const net = await coreOf(network, 0);
      const values = forward(network, x);
      const delta = deltas(network, values, y);
      const gradient = gradients(network, x, values, delta, slopeDeltas(network, values, y, delta));
      const bounds = passErrors(network, noErrors(network), x, y);
      net.forward(Float32Array.from(x));
      net.backward(Float32Array.from(y));
      net.layers.forEach((layer, l) => {
        expectWithin(`layers[${l}].z`, layer.getZ(), values[l].z, bounds[l].z);
        expectWithin(`layers[${l}].a`, layer.getA(), values[l].a, bounds[l].a);
        expectWithin(`layers[${l}].delta`, layer.getDelta(), delta[l], bounds[l].delta);
        expectWithin(`layers[${l}].weightGradients`, layer.getWeightGradients(), gradient[l].dW, bounds[l].dW);
        expectWithin(`layers[${l}].biasGradients`, layer.getBiasGradients(), gradient[l].db, bounds[l].db);
        const { dSlopes } = gradient[l];
        expectWithin(`layers[${l}].slopeGradients`, layer.getSlopeGradients(), dSlopes, bounds[l].dSlopes);
      });
    }),
    { seed: SEED, numRuns: 300 },
  );
  expect(checked).toBeGreaterThan(250);
});

test("the core's gradients are the slopes of the cost, by central differences in f64", async () => {
  let checked = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async (given) => {
      const { network, x, y } = build(given);
      // a step of h must cross neither a kink nor 0, where the slopes of elu and softsign bend. A parameter that moves
      // by h moves z by at most h times the largest input and weights, which is far below this margin
      const values = forward(network, x);
      const isClose = network.layers.some((layer, l) =>
        values[l].z.some((z, i) => Math.min(Math.abs(z), kinkDistance(layer, i % layer.units, z)) < 1e-3),
      );
      if (isClose) return;
      checked++;
      const net = await coreOf(network, 0);
      net.forward(Float32Array.from(x));
      net.backward(Float32Array.from(y));
      const numeric = numericGradients(network, x, y, 1e-5);
      const bounds = passErrors(network, noErrors(network), x, y);
      net.layers.forEach((layer, l) => {
        // besides the error of f32, the differences have an error: h^2 times the third derivative, and the rounding of
        // C divided by h
        const own = (bound: Float64Array) => bound.map((value) => value + 1e-7);
        expectWithin(`layers[${l}].weightGradients`, layer.getWeightGradients(), numeric[l].dW, own(bounds[l].dW));
        expectWithin(`layers[${l}].biasGradients`, layer.getBiasGradients(), numeric[l].db, own(bounds[l].db));
        // units with another function have no slope to move
        const wanted = numeric[l].dSlopes.map((d, j) => (isPrelu(network.layers[l], j) ? d : 0));
        expectWithin(`layers[${l}].slopeGradients`, layer.getSlopeGradients(), wanted, own(bounds[l].dSlopes));
      });
    }),
    { seed: SEED, numRuns: 60 },
  );
  expect(checked).toBeGreaterThan(40);
});

test('a training step moves every parameter as the reference does, with L2 and without', async () => {
  let checked = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async (given) => {
      const { network, x, y } = build(given);
      if (isNearKink(network, x, y)) return;
      checked++;
      const settings = { learningRate: 0.5, l2: given.l2, trainingSamples: 7 };
      const net = await coreOf(network, given.l2);
      net.optimizer = sgd({ learningRate: settings.learningRate });
      net.trainingSamples = settings.trainingSamples;
      net.trainBatch(Float32Array.from(x), Float32Array.from(y));
      const errors = stepErrors(network, noErrors(network), x, y, settings);
      step(network, x, y, settings).layers.forEach((moved, l) => {
        const { weights, biases } = moved;
        expectWithin(`layers[${l}].weights`, net.layers[l].getWeights(), weights, errors[l].weights);
        expectWithin(`layers[${l}].biases`, net.layers[l].getBiases(), biases, errors[l].biases);
        expectWithin(`layers[${l}].slopes`, net.layers[l].getSlopes(), slopesOf(moved), errors[l].slopes);
      });
    }),
    { seed: SEED, numRuns: 200 },
  );
  expect(checked).toBeGreaterThan(160);
});
