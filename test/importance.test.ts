import { describe, expect, it } from 'vitest';
import { permutation } from '../src/data/philox.js';
import { RANDOM_SPLIT } from '../src/spec/codes.js';
import { type ImportanceOptions, Table, TableModel } from '../src/tabular.js';

// y depends on `much` and less on `little`, but not on `nothing`; the columns `much` and `color` become several inputs.
const table = Table.fromRecords(
  Array.from({ length: 90 }, (_, i) => ({
    much: i % 7 === 6 ? null : (i * 37) % 90,
    nothing: Math.sin(3 * i),
    little: (i * 13) % 10,
    color: ['red', 'green', 'blue'][(i * 5) % 3],
    y: ((i * 37) % 90) * 10 + 20 * ((i * 13) % 10) + (i % 3 === 1 ? 150 : 0),
    side: (i * 37) % 90 > 45 ? 'high' : 'low',
    isHigh: (i * 37) % 90 > 45,
    isEven: i % 2 === 0,
  })),
);
const INPUTS = ['much', 'nothing', 'little', 'color'];
const QUICK = { inputs: INPUTS, epochs: 100, validation: false } as const;

/** Importance by its definition: shuffles one column of the table's own rows and evaluates them. */
async function reference(
  model: TableModel,
  metric: 'accuracy' | 'labelAccuracy' | 'r2' | 'cost',
  repeats: number,
  seed: number,
) {
  const records = table.toRecords();
  const sign = metric === 'cost' ? -1 : 1;
  const score = async (rows: object[]) =>
    (await model.evaluate(Table.fromRecords(rows, { kinds: table.kinds })))[metric] as number;
  const base = await score(records);
  const result = [];
  for (const column of INPUTS) {
    const falls: number[] = [];
    for (let r = 0; r < repeats; r++) {
      const order = permutation(table.rows, seed, RANDOM_SPLIT, 2 + r);
      const shuffled = records.map((record, row) => ({ ...record, [column]: records[order[row]][column] }));
      falls.push(sign * (base - (await score(shuffled))));
    }
    const mean = falls.reduce((sum, fall) => sum + fall, 0) / repeats;
    const variance = falls.reduce((sum, fall) => sum + (fall - mean) ** 2, 0) / repeats;
    result.push({ column, importance: mean, deviation: Math.sqrt(variance) });
  }
  return result.sort((p, q) => q.importance - p.importance);
}

describe('importance', () => {
  it.each([
    ['numbers', 'y', {}, 'r2', 5, 0],
    ['numbers', 'y', { metric: 'cost', repeats: 3, seed: 4 }, 'cost', 3, 4],
    ['classes', 'side', { seed: 1 }, 'accuracy', 5, 1],
    ['labels', ['isHigh', 'isEven'], { repeats: 2 }, 'labelAccuracy', 2, 0],
  ] as const)(
    'of %s is that of its definition on rows of the table',
    async (_, target, options, metric, repeats, seed) => {
      const model = await TableModel.fit(table, { target, ...QUICK });
      const found = await model.importance(table, options);
      const expected = await reference(model, metric, repeats, seed);
      expect(found.map(({ column }) => column)).toEqual(expected.map(({ column }) => column));
      for (const [i, { importance, deviation }] of expected.entries()) {
        expect(found[i].importance).toBeCloseTo(importance, 10);
        expect(found[i].deviation).toBeCloseTo(deviation, 10);
      }
      expect(await model.importance(table, options)).toEqual(found);
      model.dispose();
    },
  );

  it('is largest for the column that says the most, and about 0 for one that says nothing', async () => {
    const model = await TableModel.fit(table, { target: 'y', ...QUICK });
    const importances = await model.importance(table);
    expect(importances[0].column).toBe('much');
    const nothing = importances.find(({ column }) => column === 'nothing');
    expect(Math.abs(nothing?.importance as number)).toBeLessThan(0.1 * importances[0].importance);
    expect(await model.importance(table, { seed: 1 })).not.toEqual(importances);
    model.dispose();
  });

  it('can be that of the area under the ROC curve', async () => {
    const model = await TableModel.fit(table, { target: 'side', ...QUICK });
    const [{ column, importance }] = await model.importance(table, { metric: 'rocAuc' });
    expect(column).toBe('much');
    expect(importance).toBeGreaterThan(0.1);
    model.dispose();
  });

  it.each<[ImportanceOptions | object, string]>([
    [{ repeats: 0 }, 'options.repeats: got 0, want an integer from 1 to 1000'],
    [{ seed: 0.5 }, 'options.seed: got 0.5'],
    [{ metric: 'accuracy' }, 'options.metric: got "accuracy", want one of cost, meanAbsoluteError'],
    [{ repeat: 3 }, 'options: got the unknown key "repeat"'],
    [{ signal: 1 }, 'options.signal: got 1'],
    [{ signal: AbortSignal.abort(new Error('enough')) }, 'enough'],
  ])('refuses %j', async (options, message) => {
    const model = await TableModel.fit(table, { target: 'y', ...QUICK, epochs: 1 });
    await expect(model.importance(table, options)).rejects.toThrow(message);
    await expect(model.importance(table.slice(0, 1))).rejects.toThrow('data: got 1 row, want two or more');
    model.dispose();
  });
});
