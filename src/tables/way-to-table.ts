import { arrayType, isKind } from '../check/arrays.js';
import { awaited } from '../check/errors.js';

// The ends of messages for values that are not the records that a table is made of: how to make a table of them.

/** For a value in place of an array of records. */
export function wayToTable(value: unknown): string {
  if (typeof value === 'string' || isKind(value, 'URL')) {
    return ": Table.fromCsv(text) makes a Table of CSV; readFileSync(path, 'utf8') or (await fetch(url)).text() gets it";
  }
  if (isKind(value, 'Promise')) return awaited(value);
  const isStream = ['text', 'getReader', 'pipe'].some((method) => typeof Object(value)[method] === 'function');
  if (isStream) return ': await Table.fromCsvStream(source) makes a Table of CSV';
  if (arrayType(value) !== undefined) return ': Table.fromColumns({ name: values }) makes a Table of columns';
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return '';
  if ('inputs' in value && 'targets' in value) return ': inputs and targets are for Network.fit';
  const isList = (values: unknown) => Array.isArray(values) || arrayType(values) !== undefined;
  return Object.values(value).every(isList)
    ? ': Table.fromColumns(columns) makes a Table'
    : ': [record] for a single one';
}

/** What a record is; for an array in its place, how to make one. */
export const recordWanted = (value: unknown) =>
  `an object with a value for each column${
    Array.isArray(value) ? ': rows.map(([x, y]) => ({ x, y })) makes objects of rows' : ''
  }`;
