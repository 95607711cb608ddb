import { describe, expect, it } from 'vitest';
import type { Inputs } from '../src/index.js';
import type { Inspector } from '../src/inspection/inspector.js';
import type { Network } from '../src/network.js';
import { createNetwork } from './build.js';
import { arraysOf } from './parameters.js';

describe('misuse', () => {
  // biome-ignore lint/suspicious/noExplicitAny: what would not compile
  type Anything = any;
  const x = Float32Array.of(1, 2, 3, 4);
  const y = Float32Array.of(0, 1);
  const calls: readonly [string, (inspector: Inspector, net: Network) => unknown, typeof Error, RegExp][] = [
    [
      'moments without a layer',
      (i) => i.moments(undefined as Anything),
      TypeError,
      /^layer: got undefined, want an integer from 0 to 1$/,
    ],
    ['moments of layer 2', (i) => i.moments(2), RangeError, /^layer: got 2, want an integer from 0 to 1$/],
    [
      'perturb nothing',
      (i) => i.perturb(undefined as Anything),
      TypeError,
      /^perturbation: got undefined, want an object such as \{ layer: \.\.\. \}$/,
    ],
    [
      'perturb without an amount',
      (i) => i.perturb({ layer: 0, unit: 0 } as Anything),
      TypeError,
      /^perturbation\.amount: got undefined, want a finite number$/,
    ],
    [
      'perturb by NaN',
      (i) => i.perturb({ layer: 0, unit: 0, amount: Number.NaN }),
      RangeError,
      /^perturbation\.amount: got NaN, want a finite number$/,
    ],
    [
      'perturb unit 3',
      (i) => i.perturb({ layer: 0, unit: 3, amount: 1 }),
      RangeError,
      /^perturbation\.unit: got 3, want an integer from 0 to 2$/,
    ],
    [
      'perturb sample 2',
      (i) => i.perturb({ layer: 0, unit: 0, sample: 2, amount: 1 }),
      RangeError,
      /^perturbation\.sample: got 2, want an integer from 0 to 1$/,
    ],
    [
      'perturb layer -1',
      (i) => i.perturb({ layer: -1, unit: 0, amount: 1 }),
      RangeError,
      /^perturbation\.layer: got -1, want an integer from 0 to 1$/,
    ],
    [
      'perturb with a misspelt key',
      (i) => i.perturb({ layer: 0, unit: 0, amount: 1, row: 1 } as Anything),
      TypeError,
      /^perturbation: got the unknown key "row", want layer, unit, sample, amount$/,
    ],
    ['a Jacobian of an odd number', (i) => i.jacobian(x.subarray(1)), RangeError, /^x: got 3 numbers, want rows of 2/],
    [
      'a Jacobian of nothing',
      (i) => i.jacobian(undefined as Anything),
      TypeError,
      /^x: got undefined, want an array of numbers or of rows/,
    ],
    [
      'a Jacobian of layer 2',
      (i) => i.jacobian(x, { of: 2 }),
      RangeError,
      /^options\.of: got 2, want an integer from 0 to 1$/,
    ],
    [
      'a Jacobian by the layer itself',
      (i) => i.jacobian(x, { of: 1, by: 1 }),
      RangeError,
      /^options\.by: got 1, want an integer from -1 to 0$/,
    ],
    [
      'a Jacobian with null',
      (i) => i.jacobian(x, null as Anything),
      TypeError,
      /^options: got null, want an object such as \{ of: \.\.\. \}$/,
    ],
    [
      'samples of targets that are too few',
      (i) => i.sampleGradients(x, y.subarray(1)),
      RangeError,
      /^y: got 1 number, want 2/,
    ],
    [
      'samples of weights below 0',
      (i) => i.sampleGradients(x, y, Float32Array.of(1, -1)),
      RangeError,
      /^weights\[1\]: got -1, want/,
    ],
    [
      'a check with the weights of one sample',
      (i) => i.checkGradients(x, y, { weights: Float32Array.of(1) }),
      RangeError,
      /^options\.weights: got 1/,
    ],
    [
      'a check without differences',
      (i) => i.checkGradients(x, y, { differences: 0 }),
      RangeError,
      /^options\.differences: got 0, want an integer from 1/,
    ],
    [
      'a check of labels out of range',
      (i) => i.checkGradients(x, Uint8Array.of(0, 7)),
      RangeError,
      /^y\[1\]: got 7, want a label/,
    ],
    [
      'a check with an unknown option',
      (i) => i.checkGradients(x, y, { epsilon: 1 } as Anything),
      TypeError,
      /^options: got the unknown key "epsilon", want weights, differences$/,
    ],
  ];

  it.each(calls)('%s is refused and changes nothing', async (_, call, error, message) => {
    const net = await createNetwork({ inputs: 2, layers: [{ units: 3 }, { units: 1 }], seed: 1 });
    const inspector = await net.inspect();
    net.forward(x);
    net.backward(y);
    const before = { saved: await net.save({ training: true }), layers: net.layers.map(arraysOf).map(seen) };
    let thrown: unknown;
    try {
      call(inspector, net);
    } catch (reason) {
      thrown = reason;
    }
    expect((thrown as Error)?.message).toMatch(message);
    expect((thrown as Error).constructor).toBe(error);
    expect({ saved: await net.save({ training: true }), layers: net.layers.map(arraysOf).map(seen) }).toEqual(before);
    net.applyGradients();
  });

  const seen = ({ z, a, delta, weightGradients, biasGradients }: ReturnType<typeof arraysOf>) => ({
    z,
    a,
    delta,
    weightGradients,
    biasGradients,
  });

  it('calls that need a backward pass of the present weights say so', async () => {
    const net = await createNetwork({ inputs: 2, layers: [{ units: 3 }, { units: 1 }], seed: 1 });
    const inspector = await net.inspect();
    const refuse = () => {
      expect(() => inspector.perturb({ layer: 0, unit: 0, amount: 1 })).toThrow(
        /^perturb: got no backward pass of these weights, want forward\(x\) and backward\(y\) first$/,
      );
      expect(() => inspector.inputGradients()).toThrow(/^inputGradients: got no backward pass of these weights/);
    };
    refuse();
    net.forward(x);
    refuse();
    net.trainBatch(x, y);
    refuse();
    net.forward(x);
    net.backward(y);
    inspector.perturb({ layer: 0, unit: 0, amount: 1 });
    inspector.jacobian(x);
    refuse();
  });

  it('after dispose, every call says that the network is disposed of', async () => {
    const net = await createNetwork({ inputs: 2, layers: [{ units: 1 }] });
    const inspector = await net.inspect();
    net.dispose();
    const message = /^Network: got a call after dispose\(\), want a network in use$/;
    for (const call of [
      () => inspector.moments(0),
      () => inspector.perturb({ layer: 0, unit: 0, amount: 1 }),
      () => inspector.jacobian(x),
      () => inspector.inputGradients(),
      () => inspector.sampleGradients(x, y),
      () => inspector.checkGradients(x, y),
    ]) {
      expect(call).toThrow(message);
    }
    await expect(net.inspect()).rejects.toThrow(message);
  });

  it('a gradient check during fit, and batches larger than fit has room for, are refused', async () => {
    const net = await createNetwork({ inputs: 2, layers: [{ units: 1 }], batchSize: 2 });
    const inspector = await net.inspect();
    const messages: string[] = [];
    const attempt = (call: () => unknown) => {
      try {
        call();
      } catch (error) {
        messages.push((error as Error).message);
      }
    };
    const large: Inputs = new Float32Array(20);
    await net.fit(
      { inputs: x, targets: y },
      {
        epochs: 1,
        batchSize: 2,
        onBatch() {
          attempt(() => inspector.checkGradients(x, y));
          attempt(() => inspector.jacobian(large));
        },
      },
    );
    expect(messages).toEqual([
      'checkGradients: got a call while this network is being trained by fit, want one at a time',
      'x: got 10 rows during fit, want at most batchSize = 2',
    ]);
  });
});
