import { describe, expect, it } from 'vitest';
import { fromHalf, MAX_HALF, toHalf } from '../src/check/half-floats.js';
import { Network, type NetworkOptions } from '../src/index.js';
import { loadPredictor } from '../src/predict.js';
import { loadNetwork } from './build.js';
import { parametersOf } from './parameters.js';

// Half floats, all of them, and files whose parameters are rounded to them.

/** The bits of infinity. */
const INFINITY = 0x7c00;

/** The values of the bits 0 to INFINITY - 1: 1,024 steps of 2^-24, then 1,024 of each power of two from 2^-24 on. */
const POSITIVE: number[] = [0];
for (let bits = 1; bits < INFINITY; bits++) {
  POSITIVE.push(POSITIVE[bits - 1] + 2 ** (Math.max(1, (bits - 1) >> 10) - 25));
}

const floats = new Float32Array(1);
const words = new Uint32Array(floats.buffer);

/** The float that is `steps` floats away from a positive one. */
function neighbour(value: number, steps: number): number {
  floats[0] = value;
  words[0] += steps;
  return floats[0];
}

describe('half floats', () => {
  it('have their exact values, all 65,536 of them', () => {
    expect(POSITIVE.at(-1)).toBe(MAX_HALF);
    expect(POSITIVE[1]).toBe(2 ** -24);
    expect(POSITIVE[0x400]).toBe(2 ** -14);
    for (let bits = 0; bits < 0x8000; bits++) {
      const wanted = bits < INFINITY ? POSITIVE[bits] : bits === INFINITY ? Number.POSITIVE_INFINITY : Number.NaN;
      if (!Object.is(fromHalf(bits), wanted)) expect(fromHalf(bits), `${bits}`).toBe(wanted);
      if (!Object.is(fromHalf(bits | 0x8000), -wanted)) expect(fromHalf(bits | 0x8000), `-${bits}`).toBe(-wanted);
    }
  });

  it('round to themselves', () => {
    for (let bits = 0; bits <= INFINITY; bits++) {
      for (const signed of [bits, bits | 0x8000]) {
        if (toHalf(fromHalf(signed)) !== signed) expect(toHalf(fromHalf(signed))).toBe(signed);
      }
    }
    expect(fromHalf(toHalf(Number.NaN))).toBeNaN();
  });

  it('are the nearest ones: numbers in the middle go to the even one, their neighbours to the nearer one', () => {
    for (let bits = 0; bits < INFINITY; bits++) {
      const next = bits + 1 < INFINITY ? POSITIVE[bits + 1] : 65_536;
      const middle = (POSITIVE[bits] + next) / 2;
      const even = bits % 2 === 0 ? bits : bits + 1;
      const found = [neighbour(middle, -1), middle, neighbour(middle, 1)].map(toHalf);
      if (String(found) !== String([bits, even, bits + 1])) expect(found, `${middle}`).toEqual([bits, even, bits + 1]);
      if (toHalf(-middle) !== (even | 0x8000)) expect(toHalf(-middle)).toBe(even | 0x8000);
    }
    expect([65_519.996, 65_520, 3e38].map(toHalf)).toEqual([INFINITY - 1, INFINITY, INFINITY]);
    expect([2 ** -25, neighbour(2 ** -25, 1), 1e-45, -1e-45].map(toHalf)).toEqual([0, 1, 0, 0x8000]);
  });
});

const OPTIONS: NetworkOptions = {
  inputs: 3,
  layers: [
    { units: 4, activation: ['prelu', 'tanh', { name: 'leakyRelu', slope: 0.2 }, 'prelu'] },
    { units: 20, activation: 'gelu' },
    { units: 2, activation: 'linear' },
  ],
  cost: 'quadratic',
  seed: 1,
};
const X = Float32Array.from({ length: 3 * 40 }, (_, i) => Math.sin(i * i));

async function make(): Promise<Network> {
  const net = await Network.create(OPTIONS);
  net.layers[0].setBiases([0.1, -1 / 3, 1e-6, 0]);
  net.layers[0].setSlopes([0.3, 0, 0, -1e-9]);
  net.setStandardization({ means: [0.1, 0.2, 1 / 3], deviations: [1 / 7, 2, 3] });
  return net;
}

describe('a file with the precision f16', () => {
  it('has every parameter rounded to 16 bits, and everything else as it is', async () => {
    const net = await make();
    const file = await net.save({ precision: 'f16' });
    const loaded = await loadNetwork(file);
    const rounded = parametersOf(net).map((values) => values.map((value) => fromHalf(toHalf(value))));
    expect(parametersOf(loaded)).toEqual(rounded);
    expect(loaded.getStandardization()).toEqual(net.getStandardization());
    expect(loaded.layers.map(({ activation }) => activation)).toEqual(net.layers.map(({ activation }) => activation));
    // each parameter takes 2 bytes less; sections are filled up to a multiple of 8 bytes, so 15 bytes may be lost
    const saved = (await net.save()).length - file.length;
    expect(Math.abs(saved - 2 * net.parameters)).toBeLessThan(16);
    // saving the loaded network in 16 bits gives the same file
    expect(await loaded.save({ precision: 'f16' })).toEqual(file);
    const costs = (await loaded.fit({ inputs: X, targets: new Float32Array(80) }, { epochs: 3 })).column('cost');
    expect(costs[2]).toBeLessThan(costs[0]);
  });

  it('is read by simdprop/predict, with the bits of the whole core', async () => {
    const file = await (await make()).save({ precision: 'f16' });
    const predictor = await loadPredictor(file);
    expect(predictor.predict(X)).toEqual((await Network.load(file)).predict(X));
  });

  it('changes outputs by no more than docs/saving.md says', async () => {
    const net = await make();
    const loaded = await loadNetwork(await net.save({ precision: 'f16' }));
    net.forward(X);
    loaded.forward(X);
    // e: how far rounding the parameters may move the activations of each layer, whose slopes are at most 1.13
    let e = new Float64Array(X.length);
    let a = Float64Array.from(X, (x, i) => (x - [0.1, 0.2, 1 / 3][i % 3]) / [1 / 7, 2, 3][i % 3]);
    for (const [l, { units, fanIn }] of net.layers.entries()) {
      const [w, b] = [net.layers[l].getWeights(), net.layers[l].getBiases()];
      const [z, slopes] = [net.layers[l].getZ(), net.layers[l].getSlopes()];
      const next = new Float64Array(z.length);
      for (let i = 0; i < z.length; i++) {
        const [row, j] = [Math.floor(i / units), i % units];
        let own = 2 ** -11 * Math.abs(b[j]) + 2 ** -25;
        for (let k = 0; k < fanIn; k++) {
          const [size, before] = [Math.abs(w[j * fanIn + k]), row * fanIn + k];
          own += (2 ** -11 * size + 2 ** -25) * (Math.abs(a[before]) + e[before]) + size * e[before];
        }
        next[i] = 1.13 * own + (2 ** -11 * Math.abs(slopes[j]) + 2 ** -25) * (Math.abs(z[i]) + own);
      }
      e = next;
      a = Float64Array.from(net.layers[l].getA());
      const got = loaded.layers[l].getA();
      // 1e-5 is for the roundings of f32
      got.forEach((value, i) => {
        expect(Math.abs(value - a[i]), `layers[${l}].a[${i}]`).toBeLessThanOrEqual(e[i] + 1e-5);
      });
    }
    expect(loaded.predict(X)).not.toEqual(net.predict(X));
  });

  it.each<[number, number, (net: Network, value: number) => void, string]>([
    [
      1,
      65_520,
      (net, value) => net.layers[1].setWeights(weightsWith(80, 4 * 7 + 2, value)),
      'layers[1], unit 7, weight 2',
    ],
    [2, -1e6, (net, value) => net.layers[2].setBiases([0, value]), 'layers[2], unit 1, bias'],
    [0, 7e4, (net, value) => net.layers[0].setSlopes([0, 0, 0, value]), 'layers[0], unit 3, slope'],
  ])('is refused for a parameter that is too large, by its place: layer %i', async (_, value, change, place) => {
    const net = await make();
    change(net, value);
    await expect(net.save({ precision: 'f16' })).rejects.toThrow(
      `save: ${place}: got ${value}, want at most 65504 in size for the precision f16: f32 holds it`,
    );
    await net.save();
    change(net, Math.sign(value) * 65_519);
    const loaded = await loadNetwork(await net.save({ precision: 'f16' }));
    expect(Math.max(...parametersOf(loaded).flatMap((values) => [...values].map(Math.abs)))).toBe(65_504);
  });

  it('is refused together with the state of training, and other precisions are refused', async () => {
    const net = await make();
    await expect(net.save({ precision: 'f16', training: true })).rejects.toThrow(
      'options.precision: got "f16" with training: true, want "f32": training resumes with the same bits',
    );
    await expect(net.save({ precision: 'f8' as 'f16' })).rejects.toThrow(
      'options.precision: got "f8", want one of f32, f16',
    );
    expect(await net.save({ precision: 'f32' })).toEqual(await net.save());
  });
});

function weightsWith(count: number, index: number, value: number): Float32Array {
  const weights = new Float32Array(count);
  weights[index] = value;
  return weights;
}
