import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ActivationName, CostName, NetworkOptions } from '../src/index.js';
import { forward } from '../src/inspection/reference.js';
import type { Network } from '../src/network.js';
import { ELEMENTWISE } from './bounds.js';
import { createNetwork, EPSILON } from './build.js';
import { expectAllClose, float64, networkOf, numbers, product, referenceOf } from './inspected.js';
import { arraysOf } from './parameters.js';
import { randomNumbers, SEED } from './random-numbers.js';

/**
 * The size of the terms of a Jacobian: the product of the layers' |W|, since no slope exceeds 1.76. The errors in f32,
 * including those of slopes at rounded z, are a number of roundings of this size.
 */
function termsOf(net: Network, of: number, by: number): Float64Array {
  let terms: Float64Array = float64(net.layers[of].getWeights()).map(Math.abs);
  for (let l = of - 1; l > by; l--)
    terms = product(terms, net.layers[l].getWeights().map(Math.abs), 1, net.layers[l].units);
  return terms.map((term) => term * 1.76 ** (of - by));
}
const ROUNDINGS = 200;

describe('Jacobians', () => {
  const width = fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constantFrom(16, 17, 33));
  const scenario = fc.record({
    inputs: fc.oneof(width, fc.constant(40)),
    hidden: fc.array(
      fc.record({ units: width, activation: fc.constantFrom(...ELEMENTWISE, 'mixed'), bias: fc.boolean() }),
      {
        maxLength: 3,
      },
    ),
    outputs: width,
    output: fc.constantFrom<ActivationName>(...ELEMENTWISE, 'softmax'),
    rows: fc.integer({ min: 1, max: 4 }),
    seed: fc.nat(),
  });

  it('are the products of the layers’ Jacobians, and the slopes of the outputs when an input is moved', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ inputs, hidden, outputs, output, rows, seed }) => {
        const random = randomNumbers(seed);
        const net = await networkOf(
          {
            inputs,
            layers: [
              ...hidden.map(({ units, activation, bias }) => ({
                units,
                bias,
                activation:
                  activation === 'mixed'
                    ? Array.from({ length: units }, () => ELEMENTWISE[Math.floor(random() * ELEMENTWISE.length)])
                    : activation,
              })),
              { units: output === 'softmax' ? Math.max(2, outputs) : outputs, activation: output },
            ],
            cost: 'quadratic',
            batchSize: 2,
          },
          seed,
        );
        const inspector = await net.inspect();
        const x = numbers(random, rows * inputs);
        const last = net.layers.length - 1;
        for (let of = 0; of <= last; of++) {
          let chain: ArrayLike<number> = inspector.jacobian(x, { of, by: of - 1 });
          for (let by = of - 2; by >= -1; by--) {
            chain = product(chain, inspector.jacobian(x, { of: by + 1, by }), rows, net.layers[by + 1].units);
            const terms = termsOf(net, of, by);
            const jacobian = inspector.jacobian(x, { of, by });
            expectAllClose(`da^${of}/da^${by}`, jacobian, chain, (i) => ROUNDINGS * EPSILON * terms[i % terms.length]);
          }
        }
        const whole = inspector.jacobian(x);
        const { network, at } = referenceOf(net);
        const units = net.outputs;
        const h = 2 ** -15;
        const differences = new Float64Array(whole.length);
        for (let i = 0; i < x.length; i++) {
          const outputsAt = (value: number) => forward(network, float64(x).with(i, value), at)[last].a;
          const [above, below] = [outputsAt(x[i] + h), outputsAt(x[i] - h)];
          const row = Math.floor(i / inputs);
          for (let j = 0; j < units; j++) {
            const place = row * units + j;
            differences[place * inputs + (i % inputs)] = (above[place] - below[place]) / (2 * h);
          }
        }
        const terms = termsOf(net, last, -1);
        // the differences have errors too: h² times the third derivative, and the rounding of a divided by h
        expectAllClose(
          'da^L/dx',
          whole,
          differences,
          (i) => (ROUNDINGS * EPSILON + 1e-6) * (terms[i % terms.length] + 1),
        );
        net.dispose();
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  interface Golden {
    name: string;
    inputs: number;
    cost: CostName;
    rows: number;
    x: number[];
    y: number[];
    jacobian: number[];
    inputGradients: number[];
    layers: {
      units: number;
      activation: ActivationName | ActivationName[];
      weights: number[];
      biases: number[];
      jacobian: number[];
      sampleWeightGradients: number[];
      sampleBiasGradients: number[];
    }[];
  }
  const file = readFileSync(new URL('./golden-jacobians/jacobians.json', import.meta.url), 'utf8');
  const { networks } = JSON.parse(file) as { networks: Golden[] };

  it.each(networks)(
    'of $name, and its gradients by input and by sample, are those of PyTorch in float64',
    async (golden) => {
      const { inputs, layers, cost } = golden;
      const net = await createNetwork({
        inputs,
        layers: layers.map(({ units, activation }) => ({ units, activation })),
        cost,
      });
      layers.forEach(({ weights, biases }, l) => {
        net.layers[l].setWeights(Float32Array.from(weights));
        net.layers[l].setBiases(Float32Array.from(biases));
      });
      const [x, y] = [Float32Array.from(golden.x), Float32Array.from(golden.y)];
      const inspector = await net.inspect();
      const last = layers.length - 1;
      const whole = termsOf(net, last, -1);
      expectAllClose(
        'da^L/dx',
        inspector.jacobian(x),
        golden.jacobian,
        (i) => ROUNDINGS * EPSILON * whole[i % whole.length],
      );
      layers.forEach(({ jacobian }, l) => {
        const terms = termsOf(net, l, l - 1);
        const got = inspector.jacobian(x, { of: l, by: l - 1 });
        expectAllClose(`da^${l}/da^${l - 1}`, got, jacobian, (i) => ROUNDINGS * EPSILON * terms[i % terms.length]);
      });
      const samples = inspector.sampleGradients(x, y);
      const largest = (values: number[]) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const relative = (values: number[]) => () => ROUNDINGS * EPSILON * largest(values);
      layers.forEach(({ sampleWeightGradients, sampleBiasGradients }, l) => {
        const { weights, biases } = samples[l];
        expectAllClose(`dC_x/dW of ${l}`, weights, sampleWeightGradients, relative(sampleWeightGradients));
        expectAllClose(`dC_x/db of ${l}`, biases, sampleBiasGradients, relative(sampleBiasGradients));
      });
      net.forward(x);
      net.backward(y);
      expectAllClose('dC_x/dx', inspector.inputGradients(), golden.inputGradients, relative(golden.inputGradients));
    },
  );

  it('are W for a linear layer, bit for bit, and W times the slope for other layers', async () => {
    const net = await networkOf({ inputs: 18, layers: [{ units: 19, activation: 'linear' }, { units: 2 }] }, 3);
    const inspector = await net.inspect();
    const x = numbers(randomNumbers(2), 36);
    const { weights } = arraysOf(net.layers[0]);
    expect(inspector.jacobian(x, { of: 0 })).toEqual(Float32Array.from([...weights, ...weights]));
    const jacobian = inspector.jacobian(x, { by: 0 });
    const { a, weights: w } = arraysOf(net.layers[1]);
    // da_j/da_k = w_jk a_j (1 - a_j): three roundings
    const wanted = Array.from({ length: 2 * 2 * 19 }, (_, i) => {
      const aj = a[Math.floor(i / 19)];
      return w[i % (2 * 19)] * aj * (1 - aj);
    });
    expectAllClose('da^3/da^2', jacobian, wanted, (i) => 4 * EPSILON * Math.abs(w[i % 38]));
  });

  it('lead delta back through a layer: delta^l = (da^(l+1)/da^l)^T delta^(l+1) if both layers are linear', async () => {
    const layers = [5, 18, 3].map((units) => ({ units, activation: 'linear' as const }));
    const net = await networkOf({ inputs: 4, layers }, 9);
    const inspector = await net.inspect();
    const x = numbers(randomNumbers(4), 8);
    const jacobians = [1, 2].map((of) => inspector.jacobian(x, { of, by: of - 1 }));
    net.forward(x);
    net.backward(numbers(randomNumbers(5), 6));
    jacobians.forEach((jacobian, l) => {
      const [before, after] = [net.layers[l], net.layers[l + 1]];
      const wanted = product(after.getDelta(), jacobian, 2, after.units);
      const sizes = product(after.getDelta().map(Math.abs), jacobian.map(Math.abs), 2, after.units);
      expectAllClose('delta', before.getDelta(), wanted, (i) => (after.units + 1) * EPSILON * sizes[i]);
    });
  });

  it('are with respect to the inputs after scale and before standardisation', async () => {
    const options: NetworkOptions = { inputs: 3, layers: [{ units: 4, activation: 'tanh' }, { units: 2 }] };
    const net = await networkOf(options, 5);
    const inspector = await net.inspect();
    const ofBytes = await (await networkOf({ ...options, scale: 1 / 255 }, 5)).inspect();
    const bytes = Uint8Array.of(0, 51, 255, 102, 7, 9);
    const floats = Float32Array.from(bytes, (byte) => Math.fround(byte * Math.fround(1 / 255)));
    for (const x of [bytes, Float64Array.from(bytes)]) expect(ofBytes.jacobian(x)).toEqual(inspector.jacobian(floats));
    const deviations = Float64Array.of(0.5, 2, 4);
    const means = new Float64Array(3);
    const before = inspector.jacobian(floats.map((value, i) => value / deviations[i % 3]));
    net.setStandardization({ means, deviations });
    expect(inspector.jacobian(floats)).toEqual(before.map((value, i) => value / deviations[i % 3]));
  });
});
