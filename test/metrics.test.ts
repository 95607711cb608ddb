import { describe, expect, test } from 'vitest';
import type { ActivationName, CostName, NumbersEvaluation, Targets } from '../src/index.js';
import { classificationReport } from '../src/index.js';
import type { Network } from '../src/network.js';
import { createNetwork } from './build.js';
import { randomFloats, randomNumbers } from './random-numbers.js';

// Compares metrics with plain loops over the samples that follow the definitions, on data with ties. A network of one
// linear layer copies its inputs, so that a test chooses the outputs.

async function copying(
  outputs: number,
  cost: CostName = 'quadratic',
  activation: ActivationName = 'linear',
  batchSize = 7,
) {
  const net = await createNetwork({ inputs: outputs, layers: [{ units: outputs, activation }], cost, batchSize });
  net.layers[0].setWeights(Float32Array.from({ length: outputs ** 2 }, (_, i) => Number(i % (outputs + 1) === 0)));
  return net;
}

const SAMPLES = 103;

/** Outputs that are multiples of 1/4, so that many are equal. */
function outputsOf(outputs: number, seed: number): Float32Array {
  const random = randomNumbers(seed);
  return Float32Array.from({ length: SAMPLES * outputs }, () => Math.floor(random() * 5) / 4);
}

function labelsOf(classes: number, seed: number): Int32Array {
  const random = randomNumbers(seed);
  return Int32Array.from({ length: SAMPLES }, () => Math.floor(random() * classes));
}

describe('mean errors and R2', () => {
  test.each([1, 2, 3, 4, 5, 8, 9, 33])('%i outputs: as defined, with batches of any size', async (outputs) => {
    const a = outputsOf(outputs, 1);
    const random = randomNumbers(2);
    // the mean is far from 0 and the variance is small: a sum of squares in f32, or of y itself, would lose the
    // variance
    const y = Float32Array.from(a, (value) => value + 1000 + random() / 4);
    let [absolute, square, r2] = [0, 0, 0];
    for (let k = 0; k < outputs; k++) {
      const column = (m: Float32Array) => Array.from({ length: SAMPLES }, (_, i) => m[i * outputs + k]);
      const [ys, as] = [column(y), column(a)];
      const mean = ys.reduce((sum, value) => sum + value) / SAMPLES;
      const residual = ys.reduce((sum, value, i) => sum + (value - as[i]) ** 2, 0);
      absolute += ys.reduce((sum, value, i) => sum + Math.abs(value - as[i]), 0);
      square += residual;
      r2 += 1 - residual / ys.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    }
    const results = [];
    for (const batchSize of [1, 7, 103, 200]) {
      const net = await copying(outputs, 'quadratic', 'linear', batchSize);
      const {
        meanAbsoluteError,
        meanSquaredError,
        r2: got,
      } = (await net.evaluate({ inputs: a, targets: y })) as NumbersEvaluation;
      results.push({ meanAbsoluteError, meanSquaredError, got });
      expect(Math.abs(meanAbsoluteError / (absolute / SAMPLES / outputs) - 1)).toBeLessThan(1e-12);
      expect(Math.abs(meanSquaredError / (square / SAMPLES / outputs) - 1)).toBeLessThan(1e-12);
      expect(Math.abs(got / (r2 / outputs) - 1)).toBeLessThan(1e-10);
    }
    // batches of any size give the same bits
    for (const result of results) expect(result).toEqual(results[0]);
  });

  test('R2 of constant targets is 1 if the outputs equal them exactly, else 0', async () => {
    const net = await copying(2);
    const inputs = new Float32Array([5, 1, 5, 2, 5, 3]);
    expect((await net.evaluate({ inputs, targets: inputs })).r2).toBe(1);
    expect((await net.evaluate({ inputs, targets: new Float32Array([0.1, 1, 0.1, 2, 0.1, 3]) })).r2).toBe(0.5);
    expect((await net.evaluate({ inputs: new Float32Array(2), targets: new Float32Array(2) })).r2).toBe(1);
  });

  test('labels count as the rows they stand for', async () => {
    const net = await copying(3);
    const a = outputsOf(3, 4);
    const labels = labelsOf(3, 5);
    const rows = Float32Array.from(a, (_, i) => Number(labels[Math.floor(i / 3)] === i % 3));
    expect(await net.evaluate({ inputs: a, targets: labels })).toEqual(
      await net.evaluate({ inputs: a, targets: rows }),
    );
  });
});

describe('top-k accuracy', () => {
  test.each([2, 3, 5, 17, 300])(
    '%i outputs: the class is among the k largest outputs, where the first of equal outputs counts as larger',
    async (outputs) => {
      const net = await copying(outputs);
      const [a, labels] = [outputsOf(outputs, 6), labelsOf(outputs, 7)];
      const ranks = Array.from(labels, (label, i) => {
        const row = Array.from(a.subarray(i * outputs, (i + 1) * outputs), (value, k) => ({ value, k }));
        return row.sort((p, q) => q.value - p.value || p.k - q.k).findIndex(({ k }) => k === label);
      });
      for (const topK of new Set([1, 2, Math.ceil(outputs / 2), outputs])) {
        const evaluation = await net.evaluate({ inputs: a, targets: labels }, { topK });
        expect(evaluation.topKAccuracy).toBe(ranks.filter((rank) => rank < topK).length / SAMPLES);
        if (topK === 1) expect(evaluation.topKAccuracy).toBe(evaluation.accuracy);
      }
      expect((await net.evaluate({ inputs: a, targets: labels })).topKAccuracy).toBeUndefined();
    },
  );
});

/**
 * The share of all pairs of a positive and a negative sample in which the positive one has the higher score. Pairs of
 * equal scores count half.
 */
function pairs(scores: number[], isPositive: boolean[]): number {
  let [sum, count] = [0, 0];
  scores.forEach((p, i) => {
    scores.forEach((n, j) => {
      if (!isPositive[i] || isPositive[j]) return;
      sum += p > n ? 1 : p === n ? 0.5 : 0;
      count++;
    });
  });
  return sum / count;
}

describe('the area under the ROC curve', () => {
  const auc = async (net: Network, inputs: Float32Array, targets: Targets) =>
    (await net.evaluate({ inputs, targets }, { rocAuc: true })).rocAuc!;

  test('of one output is the share of pairs in the right order', async () => {
    const net = await copying(1);
    const [a, labels] = [outputsOf(1, 8), labelsOf(2, 9)];
    const wanted = pairs(
      [...a],
      Array.from(labels, (label) => label === 1),
    );
    expect(await auc(net, a, labels)).toBeCloseTo(wanted, 14);
    expect(await auc(net, a, Float32Array.from(labels))).toBeCloseTo(wanted, 14);
    // only the order of scores counts, so infinite ones are allowed
    expect(
      await auc(
        net,
        a.map((value) => value * 1e30),
        labels,
      ),
    ).toBeCloseTo(wanted, 14);
    expect(await auc(net, Float32Array.from(labels), labels)).toBe(1);
    expect(
      await auc(
        net,
        Float32Array.from(labels, (label) => -label),
        labels,
      ),
    ).toBe(0);
    expect(await auc(net, new Float32Array(SAMPLES), labels)).toBe(0.5);
    expect(await auc(net, a, new Uint8Array(SAMPLES))).toBeNaN();
    expect((await net.evaluate({ inputs: a, targets: labels })).rocAuc).toBeUndefined();
  });

  test('of the hinge cost, whose targets are -1 and 1', async () => {
    const net = await copying(1, 'hinge');
    const [a, labels] = [outputsOf(1, 8), labelsOf(2, 9)];
    const wanted = pairs(
      [...a],
      Array.from(labels, (label) => label === 1),
    );
    expect(await auc(net, a, labels)).toBeCloseTo(wanted, 14);
    expect(
      await auc(
        net,
        a,
        Float32Array.from(labels, (label) => 2 * label - 1),
      ),
    ).toBeCloseTo(wanted, 14);
  });

  test('of several outputs is the mean over the outputs, each against the rest, without those that never or always occur', async () => {
    const net = await copying(4);
    const a = outputsOf(4, 10);
    const column = (k: number) => Array.from({ length: SAMPLES }, (_, i) => a[i * 4 + k]);
    // class 3 does not occur
    const labels = labelsOf(3, 11);
    const each = [0, 1, 2].map((k) =>
      pairs(
        column(k),
        Array.from(labels, (label) => label === k),
      ),
    );
    expect(await auc(net, a, labels)).toBeCloseTo((each[0] + each[1] + each[2]) / 3, 14);
    // samples with several labels
    const random = randomNumbers(12);
    const rows = Float32Array.from(a, () => Number(random() < 0.3));
    const own = [0, 1, 2, 3].map((k) =>
      pairs(
        column(k),
        Array.from({ length: SAMPLES }, (_, i) => rows[i * 4 + k] === 1),
      ),
    );
    expect(await auc(net, a, rows)).toBeCloseTo(own.reduce((sum, area) => sum + area) / 4, 14);
  });
});

describe('the classes of the hinge cost', () => {
  test('of one output: class 1 if it is above 0', async () => {
    const net = await copying(1, 'hinge');
    const inputs = new Float32Array([0.25, -0.25, 0, 2]);
    for (const targets of [Uint8Array.of(1, 0, 0, 0), new Float32Array([1, -1, -1, -1])]) {
      expect(await net.evaluate({ inputs, targets })).toMatchObject({
        correct: 3,
        confusion: [
          [2, 1],
          [0, 1],
        ].map((row) => Uint32Array.from(row)),
      });
    }
  });
});

describe('precision, recall and F1', () => {
  test('agree with their definitions, for each class and averaged', async () => {
    const net = await copying(5);
    // class 4 is neither a target nor predicted, class 3 never predicted
    const labels = labelsOf(4, 13);
    const a = outputsOf(5, 14).map((value, i) => (i % 5 > 2 ? -1 : value));
    const predicted = Array.from({ length: SAMPLES }, (_, i) => {
      const row = [...a.subarray(5 * i, 5 * i + 5)];
      return row.indexOf(Math.max(...row));
    });
    const { classes, macro } = classificationReport((await net.evaluate({ inputs: a, targets: labels })).confusion!);
    const count = (fits: (actual: number, guess: number) => boolean) =>
      predicted.filter((guess, i) => fits(labels[i], guess)).length;
    const wanted = [0, 1, 2, 3].map((c) => {
      const hits = count((actual, guess) => actual === c && guess === c);
      const precision = c === 3 ? 0 : hits / count((_, guess) => guess === c);
      const recall = hits / count((actual) => actual === c);
      return { precision, recall, f1: c === 3 ? 0 : (2 * precision * recall) / (precision + recall) };
    });
    wanted.forEach((metrics, c) => {
      expect(classes[c].precision).toBe(metrics.precision);
      expect(classes[c].recall).toBe(metrics.recall);
      expect(classes[c].f1).toBeCloseTo(metrics.f1, 14);
      expect(classes[c].support).toBe(count((actual) => actual === c));
      expect(classes[c].predicted).toBe(count((_, guess) => guess === c));
    });
    expect(classes[4]).toEqual({ precision: 0, recall: 0, f1: 0, support: 0, predicted: 0 });
    for (const name of ['precision', 'recall', 'f1'] as const) {
      expect(macro[name]).toBeCloseTo(wanted.reduce((sum, metrics) => sum + metrics[name], 0) / 4, 14);
    }
  });

  test('of a matrix worked out by hand', () => {
    expect(
      classificationReport([
        [0, 0],
        [0, 0],
      ]).macro,
    ).toEqual({ precision: 0, recall: 0, f1: 0 });
    const { classes, macro } = classificationReport([
      [8, 2],
      [4, 6],
    ]);
    expect(classes).toEqual([
      { precision: 8 / 12, recall: 0.8, f1: 16 / 22, support: 10, predicted: 12 },
      { precision: 0.75, recall: 0.6, f1: 12 / 18, support: 10, predicted: 8 },
    ]);
    expect(macro.recall).toBeCloseTo(0.7, 15);
  });

  test('the means include a class that is predicted but never occurs, and leave out one that does neither', () => {
    const { classes, macro } = classificationReport([
      [3, 1, 0],
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(classes[1]).toEqual({ precision: 0, recall: 0, f1: 0, support: 0, predicted: 1 });
    expect(macro).toEqual({ precision: 0.5, recall: 0.375, f1: 3 / 7 });
  });

  test.each([
    [
      undefined,
      /^confusion: got undefined, want an array of rows of counts, which evaluate returns for networks .* classes$/,
    ],
    [[1, 2], /^confusion\[0\]: got 1, want a row of 2 counts$/],
    [[[1, 2], [3]], /^confusion\[1\]: got 1 count, want 2, one for each class$/],
    [
      [
        [1, -2],
        [3, 4],
      ],
      /^confusion\[0\]\[1\]: got -2, want a count$/,
    ],
  ])('refuses %j', (confusion, message) => {
    expect(() => classificationReport(confusion as number[][])).toThrow(message);
  });
});

test.each([
  [{ topK: 0 }, 3, /^options\.topK: got 0, want an integer from 1 to 3$/],
  [{ topK: 4 }, 3, /^options\.topK: got 4, want an integer from 1 to 3$/],
  [{ topK: '2' }, 3, /^options\.topK: got "2", want an integer/],
  [{ topK: 1 }, 1, /^options\.topK: got 1 for one output, want two outputs or more$/],
  [{ rocAuc: 1 }, 3, /^options\.rocAuc: got 1, want true or false$/],
  [
    { rocAUC: true },
    3,
    /^options: got the unknown key "rocAUC", want topK, rocAuc, threshold, signal: did you mean rocAuc\?$/,
  ],
  [null, 3, /^options: got null, want an object such as \{ topK: \.\.\. \}$/],
])('evaluate refuses %j for %i outputs', async (options, outputs, message) => {
  const net = await copying(outputs);
  const data = { inputs: new Float32Array(outputs), targets: Uint8Array.of(1) };
  await expect(net.evaluate(data, options as object)).rejects.toThrow(message);
});

test('the cost has the same bits for any batch size', async () => {
  const random = randomNumbers(8);
  const inputs = randomFloats(3 * 500, random);
  const targets = Float32Array.from({ length: 10 * 500 }, random);
  const weights = Float32Array.from({ length: 500 }, random);
  const costs = new Set<number>();
  const weighted = new Set<number>();
  for (const batchSize of [3, 16, 128, 500]) {
    const net = await createNetwork({ inputs: 3, layers: [{ units: 10, activation: 'linear' }], seed: 4, batchSize });
    costs.add((await net.evaluate({ inputs, targets })).cost);
    weighted.add((await net.evaluate({ inputs, targets, weights })).cost);
  }
  expect([costs.size, weighted.size]).toEqual([1, 1]);
});
