import { counted, outOfRange, quote } from '../check/errors.js';
import { typedWeights } from '../data/plain-data.js';
import { checkWeights, type SampleWeights } from '../data/targets.js';
import { Table } from '../tables/table.js';

// The weights of a model's rows: a column of the table, or an array.

/**
 * The training rows whose weight is not 0, without the column of weights. `weights` undefined: each has the weight 1.
 */
export function weightedRows(
  table: Table,
  given: string | SampleWeights | undefined,
): { readonly table: Table; readonly weights: Float32Array | undefined } {
  if (given === undefined) return { table, weights: undefined };
  const isColumn = typeof given === 'string';
  const where = 'options.weights';
  const weights = isColumn
    ? columnOf(where, '', table, given)
    : (typedWeights(where, given, table.rows) as Float32Array);
  if (!isColumn) checkWeights(where, weights, table.rows);
  const left = isColumn ? table.without([given]) : table;
  if (!weights.includes(0)) return { table: left, weights };
  const rows = Uint32Array.from(weights.keys()).filter((row) => weights[row] > 0);
  if (rows.length === 0) throw outOfRange(where, '0 for every row', 'a weight above 0 for one or more');
  return { table: left.pick(rows), weights: Float32Array.from(rows, (row) => weights[row]) };
}

/** The weights of validation rows, if they have the column of weights. */
export function validationWeights(
  data: Table | readonly object[],
  given: string | SampleWeights | undefined,
): Float32Array | undefined {
  if (typeof given !== 'string') return undefined;
  const where = 'options.validation';
  if (data instanceof Table) return data.has(given) ? columnOf(where, `${where}, `, data, given) : undefined;
  if (!data.some((record) => Object.hasOwn(record, given))) return undefined;
  const options = { kinds: { [given]: 'number' }, others: 'ignored', name: where } as const;
  return columnOf(where, `${where}, `, Table.fromRecords(data, options), given);
}

/** `where`: what messages call the place of a wrong column; `before`: the beginning of those about a value. */
function columnOf(where: string, before: string, table: Table, name: string): Float32Array {
  if (!table.has(name)) {
    throw outOfRange(
      'options.weights',
      quote(name),
      `a column of the table, or an array of ${counted(table.rows, 'number')}`,
    );
  }
  const column = table.column(name);
  if (column.kind !== 'number') {
    throw outOfRange(where, `${quote(name)}, a column of the kind ${column.kind}`, 'a column of numbers');
  }
  const weights = Float32Array.from(column.values);
  checkWeights(`${before}column ${quote(name)}`, weights, table.rows);
  return weights;
}
