import { describe, expect, test } from 'vitest';
import { classificationReport, type Task } from '../src/index.js';
import { createNetwork } from './build.js';
import golden from './golden-metrics/metrics.json' with { type: 'json' };

// Metrics against scikit-learn's, which generate.py has computed.

/** A network of one linear layer that copies its inputs, so that the test chooses the outputs. */
async function copying(outputs: number, task: Task, batchSize = 7) {
  const weights = Float32Array.from({ length: outputs ** 2 }, (_, i) => Number(i % (outputs + 1) === 0));
  const layers = [{ units: outputs, activation: 'linear' as const, initializer: { weights } }];
  return await createNetwork({ inputs: outputs, layers, task, batchSize });
}

/** Expects every number of `wanted` in `got`, up to rounding. */
function expectNumbers(got: unknown, wanted: unknown): void {
  if (typeof wanted === 'number') expect(Math.abs((got as number) - wanted)).toBeLessThan(1e-12);
  else for (const [key, value] of Object.entries(wanted as object)) expectNumbers((got as never)[key], value);
}

test.each(golden.reports)('the report of $confusion', ({ confusion, ...wanted }) => {
  expectNumbers(classificationReport(confusion), wanted);
});

test('the report of scikit-learn\u2019s own test, as it prints it', () => {
  const { classes } = classificationReport([
    [19, 4, 1],
    [4, 3, 24],
    [0, 2, 18],
  ]);
  const rows = classes.map(({ precision, recall, f1, support }) =>
    [precision, recall, f1].map((ratio) => ratio.toFixed(2)).concat(String(support)),
  );
  expect(rows).toEqual([
    ['0.83', '0.79', '0.81', '24'],
    ['0.33', '0.10', '0.15', '31'],
    ['0.42', '0.90', '0.57', '20'],
  ]);
});

describe('classes', () => {
  test.each(golden.classes)('$outputs outputs', async ({ outputs, a, y, confusion, topK, ...wanted }) => {
    const net = await copying(outputs, 'classes');
    const data = { inputs: Float32Array.from(a), targets: Int32Array.from(y) };
    const rows = Float32Array.from(a, (_, i) => Number(y[Math.floor(i / outputs)] === i % outputs));
    for (const targets of [data.targets, rows]) {
      const evaluation = await net.evaluate({ ...data, targets }, { rocAuc: true });
      expectNumbers(evaluation, wanted);
      expect(evaluation.confusion!.map((row) => [...row])).toEqual(confusion);
      for (const [k, share] of Object.entries(topK)) {
        expectNumbers((await net.evaluate({ ...data, targets }, { topK: Number(k) })).topKAccuracy, share);
      }
    }
  });

  test.each(golden.two)('one output, threshold $threshold', async ({ threshold, a, y, confusion, ...wanted }) => {
    const net = await copying(1, 'classes');
    for (const targets of [Uint8Array.from(y), Float32Array.from(y)]) {
      const evaluation = await net.evaluate({ inputs: Float32Array.from(a), targets }, { rocAuc: true, threshold });
      expectNumbers(evaluation, { accuracy: wanted.accuracy, rocAuc: wanted.rocAuc });
      expect(evaluation.confusion!.map((row) => [...row])).toEqual(confusion);
      if (threshold !== 0.5) continue;
      expect(await net.evaluate({ inputs: Float32Array.from(a), targets }, { rocAuc: true })).toEqual(evaluation);
    }
  });
});

describe('labels', () => {
  test.each(golden.labels)(
    '$outputs outputs, thresholds $thresholds',
    async ({ outputs, thresholds, a, y, ...wanted }) => {
      for (const batchSize of [1, 7, 100]) {
        const net = await copying(outputs, 'labels', batchSize);
        const data = { inputs: Float32Array.from(a), targets: Float32Array.from(y) };
        const evaluation = await net.evaluate(data, { rocAuc: true, threshold: thresholds });
        expectNumbers(evaluation, wanted);
        expect(await net.evaluate(data, { rocAuc: true, threshold: Float32Array.from(thresholds) })).toEqual(
          evaluation,
        );
        if (thresholds.some((threshold) => threshold !== 0.5)) continue;
        expect(await net.evaluate(data, { rocAuc: true, threshold: 0.5 })).toEqual(evaluation);
        expect(await net.evaluate(data, { rocAuc: true })).toEqual(evaluation);
      }
    },
  );
});

describe('numbers', () => {
  test.each(golden.numbers)('$outputs outputs', async ({ outputs, a, y, ...wanted }) => {
    const net = await copying(outputs, 'numbers');
    expectNumbers(await net.evaluate({ inputs: Float32Array.from(a), targets: Float32Array.from(y) }), wanted);
  });
});
