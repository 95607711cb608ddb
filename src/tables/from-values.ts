import { arrayType, type NumberArray } from '../check/arrays.js';
import { checkIsObject, counted, outOfRange, quote, wrongType } from '../check/errors.js';
import { ownIfShared } from '../data/own-arrays.js';
import type { Column, Columns } from './column.js';
import { ColumnBuilder } from './column-builder.js';
import { checkKindsExist, checkReading, type Reading, type TableOptions } from './reading.js';
import { recordWanted, wayToTable } from './way-to-table.js';

/** Columns from an array of objects. */
export function columnsFromRecords(records: unknown, options: TableOptions): Columns {
  const reading = checkReading('records', options);
  const { name } = reading;
  if (!Array.isArray(records)) throw wrongType(name, records, `an array of objects${wayToTable(records)}`);
  const names = new Set<string>();
  for (const [row, record] of records.entries()) {
    checkIsObject(`${name}[${row}]`, record, recordWanted(record));
    for (const key in record) if (Object.hasOwn(record, key)) names.add(key);
  }
  if (names.size === 0)
    throw outOfRange(name, `${counted(records.length, 'record')} without values`, 'one value or more');
  checkKindsExist(reading, names);
  const placeOf = (row: number, column: string) => `${name}[${row}], column ${quote(column)}`;
  const columns = new Map<string, Column>();
  for (const column of names) {
    const builder = new ColumnBuilder(column, reading, names.size, placeOf);
    for (let row = 0; row < records.length; row++) {
      const record = records[row];
      builder.addValue(Object.hasOwn(record, column) ? record[column] : undefined, row);
    }
    columns.set(column, builder.finish());
  }
  return { rows: records.length, columns, origin: { missing: reading.missing } };
}

/** Columns from arrays by name. */
export function columnsFromColumns(arrays: unknown, options: TableOptions): Columns {
  const reading = checkReading('columns', options);
  const { name } = reading;
  const way = Array.isArray(arrays) ? ': Table.fromRecords(records) takes objects' : wayToTable(arrays);
  checkIsObject(name, arrays, `an object with an array for each column${way}`);
  // other threads can change arrays in shared memory, and make them longer
  const entries = Object.entries(arrays).map(([column, values]): [string, ArrayLike<unknown>] => [
    column,
    ownIfShared(values),
  ]);
  if (entries.length === 0) throw outOfRange(name, 'no columns', 'one or more');
  checkKindsExist(
    reading,
    entries.map(([column]) => column),
  );
  for (const [column, values] of entries) {
    if (Array.isArray(values) || arrayType(values) !== undefined) continue;
    throw wrongType(`${name}[${quote(column)}]`, values, 'an array or a typed array');
  }
  const [[first, { length: rows }]] = entries;
  if (rows === 0) throw outOfRange(`${name}[${quote(first)}]`, 'no values', 'one row or more');
  const columns = new Map<string, Column>();
  for (const [column, values] of entries) {
    if (values.length !== rows) {
      throw outOfRange(`${name}[${quote(column)}]`, counted(values.length, 'value'), `${rows}, as ${quote(first)} has`);
    }
    columns.set(column, columnFrom(column, values, entries.length, reading));
  }
  return { rows, columns, origin: { missing: reading.missing } };
}

function columnFrom(column: string, values: ArrayLike<unknown>, columns: number, reading: Reading): Column {
  const isNumbers = !Array.isArray(values) && !arrayType(values)?.startsWith('Big');
  if (isNumbers && (reading.kindOf(column) ?? 'number') === 'number') {
    const numbers = Float64Array.from(values as NumberArray);
    const row = numbers.findIndex((value) => value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY);
    if (row < 0) return { kind: 'number', values: reading.missing ? withoutMissing(numbers, reading) : numbers };
  }
  const placeOf = (row: number) => `${reading.name}[${quote(column)}][${row}]`;
  const builder = new ColumnBuilder(column, reading, columns, placeOf);
  for (let row = 0; row < values.length; row++) builder.addValue(values[row], row);
  return builder.finish();
}

/** Replaces, in place, the numbers whose texts stand for a missing value. */
function withoutMissing(numbers: Float64Array, { isMissing, textOf }: Reading): Float64Array {
  for (let row = 0; row < numbers.length; row++) if (isMissing(textOf(numbers[row]))) numbers[row] = Number.NaN;
  return numbers;
}
