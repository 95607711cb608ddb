import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Encoder, splitWindows, Table, type TableSplitOptions, windows } from '../src/tabular.js';
import { SEED } from './random-numbers.js';

/** Runs a call that may refuse its arguments, but only with a message in the form of this library: where, got, want. */
function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    expect(error.message).toMatch(/: got .*, want /s);
    expect(error.message.length).toBeLessThan(2000);
    return undefined;
  }
}

const value = fc.oneof(
  fc.double(),
  fc.constantFrom(null, undefined, true, false, 'a', 'b', '', '2020-01-01', -0, 1e-320, 1e308),
  fc.date({ noInvalidDate: true }),
  fc.bigInt(),
  fc.string(),
);
const records = fc.array(fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__', 'toString'), value), {
  maxLength: 12,
});
const text = fc.string({
  unit: fc.constantFrom(...'ab12.,;"- \n\re?é\0', 'NA', 'true', '2020-01-02'),
  maxLength: 60,
});

describe('whatever is given', () => {
  it('inputs are finite, also after JSON, or there is an error', () => {
    const rule = fc.constantFrom('mean' as const, 'median' as const, 'refuse' as const, 3);
    const property = fc.property(records, rule, fc.boolean(), (given, missing, markMissing) => {
      const table = attempt(() => Table.fromRecords(given));
      if (!table) return;
      table.profile();
      const encoder = attempt(() => Encoder.fit(table, { missing, markMissing, rare: 1 + (given.length % 3) }));
      const inputs = attempt(() => encoder?.encodeInputs(table));
      expect(inputs?.every(Number.isFinite)).not.toBe(false);
      const copy = encoder && Encoder.fromJSON(JSON.parse(JSON.stringify(encoder)));
      expect(attempt(() => copy?.encodeInputs(table))).toEqual(inputs);
    });
    fc.assert(property, { seed: SEED, numRuns: 500 });
  });

  it('a CSV text is a table, or there is an error', () => {
    const property = fc.property(text, fc.boolean(), (given, header) => {
      const table = attempt(() => Table.fromCsv(given, { header }));
      table?.profile();
      expect(table?.toRecords().length).toBe(table?.rows);
    });
    fc.assert(property, { seed: SEED, numRuns: 1000 });
  });

  it('a split has all rows once, and rows in each part', () => {
    const options = fc.record({
      test: fc.oneof(fc.double({ min: 0, max: 1 }), fc.integer({ min: 0, max: 10 })),
      validation: fc.option(fc.double({ min: 0, max: 1 }), { nil: undefined }),
      stratify: fc.constantFrom(undefined, 'x'),
      group: fc.constantFrom(undefined, 'x'),
      from: fc.constantFrom(undefined, 'end' as const),
      seed: fc.nat(),
    });
    const keys = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 30 });
    const property = fc.property(keys, options, (x, given) => {
      const table = Table.fromColumns({ x, row: x.map((_, row) => row) });
      const parts = attempt(() => table.split(given as TableSplitOptions));
      if (!parts) return;
      const rowsOf = (part: Table | undefined) => part?.toRecords().map(({ row }) => row as number) ?? [];
      const all = [parts.training, parts.validation, parts.test].map(rowsOf);
      expect(all.flat().sort((a, b) => a - b)).toEqual(x.map((_, row) => row));
      expect(all.map(({ length }) => length > 0)).toEqual([true, given.validation !== undefined, true]);
    });
    fc.assert(property, { seed: SEED, numRuns: 1000 });
  });

  it('arguments of any type are accepted or refused', () => {
    const table = Table.fromColumns({ x: [1, 2, 3], y: ['a', 'b', 'c'] });
    const encoder = Encoder.fit(table, { target: 'y' });
    const calls: ((a: never, b: never) => unknown)[] = [
      (a) => Encoder.fromJSON(a),
      (a, b) => Encoder.fromJSON({ version: 1, inputs: [a], targets: b }),
      (a) => Table.fromRecords(a),
      (a) => Table.fromColumns(a),
      (a) => Table.fromCsv(a),
      (a) => Table.fromCsv('x,y\n1,2', a),
      (a, b) => table.select(a).pick(b),
      (a) => table.without(a),
      (a, b) => table.slice(a, b),
      (a) => table.withoutMissing(a),
      (a) => table.split(a),
      (a, b) => windows(a, b),
      (a, b) => splitWindows([1, 2, 3], { length: a, test: b }),
      (a) => Encoder.fit(table, a),
      (a) => Encoder.fit(a),
      (a, b) => Encoder.fit(table, { encodings: { x: a, y: b } }),
      (a, b) => Encoder.fit(table, { inputs: a, target: b }),
      (a, b) => encoder.decode(a, b),
      (a) => encoder.encode(a),
      (a, b) => encoder.encodeInputs(a, b),
    ];
    const any = fc.anything({ withNullPrototype: true, maxDepth: 3 });
    const property = fc.property(any, any, (a, b) => {
      for (const call of calls) attempt(() => call(a as never, b as never));
    });
    fc.assert(property, { seed: SEED, numRuns: 500 });
    expect(() => Table.fromColumns({ x: null as never })).toThrow(
      'columns["x"]: got null, want an array or a typed array',
    );
    expect(() => Encoder.fit(table, { target: [undefined as never] })).toThrow(
      'options.target: got undefined, want the name',
    );
    expect(() => encoder.decode([1, 2, 3], 0)).toThrow('rows: got 0, want an integer from 1');
  });
});
