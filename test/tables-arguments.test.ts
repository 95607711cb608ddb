import { expect, it } from 'vitest';
import { Encoder, Table } from '../src/tabular.js';

// Tables and encoders refuse arguments that they do not take, in place of ignoring them.

const records = [
  { mass: 1, island: 'Dream' },
  { mass: 2, island: 'Biscoe' },
  { mass: 4, island: 'Dream' },
];
const table = Table.fromRecords(records);
const encoder = Encoder.fit(table, { target: 'island' });

// biome-ignore lint/suspicious/noExplicitAny: calls that do not compile
type Call = (...more: any[]) => unknown;

it.each<[string, number, Call]>([
  ['Table.fromRecords', 3, (...more) => Table.fromRecords(records, {}, ...more)],
  ['Table.fromColumns', 3, (...more) => Table.fromColumns({ mass: [1, 2] }, {}, ...more)],
  ['Table.fromCsv', 3, (...more) => Table.fromCsv('mass\n1\n', {}, ...more)],
  ['has', 2, (...more) => table.has('mass', ...more)],
  ['column', 2, (...more) => table.column('mass', ...more)],
  ['select', 2, (...more) => table.select(['mass'], ...more)],
  ['without', 2, (...more) => table.without(['mass'], ...more)],
  ['withKinds', 2, (...more) => table.withKinds({}, ...more)],
  ['slice', 3, (...more) => table.slice(0, 1, ...more)],
  ['pick', 2, (...more) => table.pick([0], ...more)],
  ['withoutMissing', 2, (...more) => table.withoutMissing(['mass'], ...more)],
  ['toRecords', 1, (...more) => table.toRecords(...more)],
  ['split', 2, (...more) => table.split({ test: 1 }, ...more)],
  ['profile', 1, (...more) => table.profile(...more)],
  ['Encoder.fit', 3, (...more) => Encoder.fit(table, { target: 'island' }, ...more)],
  ['Encoder.fromJSON', 2, (...more) => Encoder.fromJSON(encoder.toJSON(), ...more)],
  ['encode', 2, (...more) => encoder.encode(table, ...more)],
  ['encodeInputs', 3, (...more) => (encoder.encodeInputs as Call).call(encoder, table, 'float32', ...more)],
  ['decode', 4, (...more) => encoder.decode([0.7], 1, 0.5, ...more)],
])('%s refuses argument %i', (name, n, call) => {
  expect(() => call()).not.toThrow();
  expect(() => call({})).toThrow(new TypeError(`${name}: argument ${n}: got an object (Object), want none`));
});

it('Table.fromCsvStream refuses argument 3', async () => {
  const call = Table.fromCsvStream as Call;
  await expect(call(['mass\n1\n'], {}, 7)).rejects.toThrow('Table.fromCsvStream: argument 3: got 7, want none');
});
