import { outOfRange, quote } from '../check/errors.js';
import type { BooleanColumn, CategoryColumn, Column, NumberColumn } from './column.js';

// Columns of numbers as categories or booleans: numbers that are names, such as codes of classes.

/** A kind that a column of numbers can be converted to. */
export type ConvertedKind = 'category' | 'boolean';

export const CONVERTED_KINDS: readonly ConvertedKind[] = ['category', 'boolean'];

/** The column with another kind. A column that has this kind already is returned as it is. */
export function converted(where: string, name: string, column: Column, kind: ConvertedKind): Column {
  if (column.kind === kind) return column;
  if (column.kind === 'number') return kind === 'category' ? asCategory(column) : asBoolean(where, name, column);
  const way = `{ kinds: { ${quote(name)}: ${quote(kind)} } }, an option of every function that makes a table`;
  throw outOfRange(where, `${quote(name)}, a column of the kind ${column.kind}`, `a column of numbers, or ${way}`);
}

/** Each different number is a category, whose name is the number as JavaScript prints it. */
function asCategory({ values }: NumberColumn): CategoryColumn {
  const different = [...new Set(values)].filter((value) => !Number.isNaN(value)).sort((p, q) => p - q);
  const codeOf = new Map(different.map((value, code) => [value, code]));
  return {
    kind: 'category',
    codes: Int32Array.from(values, (value) => codeOf.get(value) ?? -1),
    categories: different.map(String),
  };
}

function asBoolean(where: string, name: string, { values }: NumberColumn): BooleanColumn {
  const bad = values.findIndex((value) => value !== 0 && value !== 1 && !Number.isNaN(value));
  if (bad >= 0) throw outOfRange(where, `${quote(name)} with ${values[bad]} in row ${bad}`, 'only 0 and 1');
  return { kind: 'boolean', values: Int8Array.from(values, (value) => (Number.isNaN(value) ? -1 : value)) };
}
