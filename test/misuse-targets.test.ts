import { describe, expect, it } from 'vitest';
import { createNetwork } from './build.js';
import { changed, expectError, inputs } from './expected-errors.js';

describe('targets of other costs', () => {
  it('refuses probabilities outside [0, 1] for binary cross-entropy, but rows with any sum are allowed', async () => {
    const net = await createNetwork({ inputs: 2, layers: [{ units: 3 }] });
    const before = await net.save();
    const some = new Float32Array([1, 1, 1, 0, 0, 0, 0.5, 1, 0.25, 1, 0, 1]);
    expect((await net.evaluate({ inputs, targets: some })).samples).toBe(4);
    for (const [at, value] of [
      [0, 1.001],
      [5, -0.001],
      [11, 2],
    ]) {
      const y = changed(some, at, value);
      const message = new RegExp(
        `\\[${at}\\]: got ${Math.fround(value)}, want 0 to 1 for binaryCrossEntropy: activation: 'linear' on the last layer learns other numbers$`,
      );
      await expectError(() => net.trainBatch(inputs, y), RangeError, message);
      await expectError(() => net.fit({ inputs, targets: y }, { epochs: 1 }), RangeError, message);
    }
    expect(await net.save()).toEqual(before);
  });

  it('accepts any finite numbers for the quadratic cost', async () => {
    const net = await createNetwork({ inputs: 2, layers: [{ units: 3, activation: 'linear' }] });
    const y = new Float32Array(12).fill(-1000);
    expect(net.trainBatch(inputs, y)).toBeGreaterThan(0);
    await expectError(
      () => net.trainBatch(inputs, changed(y, 3, Number.NaN)),
      RangeError,
      /^y\[3\] \(row 1, column 0\): got NaN, want a finite/,
    );
  });

  it('accepts only 0 and 1 as labels for one output', async () => {
    const net = await createNetwork({ inputs: 2, layers: [{ units: 1 }] });
    const before = await net.save();
    expect((await net.evaluate({ inputs, targets: new Uint8Array([0, 1, 1, 0]) })).samples).toBe(4);
    const message = /^y\[1\]: got 2, want a label from 0 to 1$/;
    await expectError(() => net.trainBatch(inputs, new Uint8Array([0, 2, 1, 0])), RangeError, message);
    expect(await net.save()).toEqual(before);
  });
});
