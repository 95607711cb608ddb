import { outOfRange, quote, wrongType } from '../check/errors.js';

/** A column: its name in the header, or its index, counted from 0. */
export type CsvColumn = string | number;

/** Returns the index of a column. `where` is the beginning of the message if there is no such column. */
export type FindColumn = (where: string, column: unknown) => number;

/** A list of names for a message. A long list is cut after ten names. */
export function listed(names: readonly string[]): string {
  const first = names.slice(0, 10).map((name) => quote(name));
  return names.length > 10 ? `${first.join(', ')}, ... (${names.length} in all)` : first.join(', ');
}

/**
 * Returns a function that finds columns. `names` are those of all columns, or undefined without a header; `count` is
 * the number of columns. `hint` is the end of the message for a column that does not exist.
 */
export function columnFinder(names: readonly string[] | undefined, count: number, hint: string): FindColumn {
  const indices = new Map<string, number>();
  const repeated = new Set<string>();
  for (const [index, name] of names?.entries() ?? []) {
    if (indices.has(name)) repeated.add(name);
    else indices.set(name, index);
  }
  const anyIndex = `a column from 0 to ${count - 1}`;
  return (where, column) => {
    if (typeof column === 'number') {
      if (Number.isInteger(column) && column >= 0 && column < count) return column;
      throw outOfRange(where, column, Number.isInteger(column) && column > 0 ? anyIndex + hint : anyIndex);
    }
    if (!names) throw wrongType(where, column, `${anyIndex}, where there is no header`);
    if (typeof column !== 'string') throw wrongType(where, column, `the name of a column, or ${anyIndex}`);
    const index = indices.get(column);
    if (index === undefined) throw outOfRange(where, quote(column), wantedInstead(column, names) + hint);
    if (repeated.has(column)) {
      throw outOfRange(
        where,
        `${quote(column)}, the name of more than one column`,
        `the place of one, such as ${index}`,
      );
    }
    return index;
  };
}

function wantedInstead(column: string, names: readonly string[]): string {
  const plain = (name: string) => name.trim().toLowerCase();
  const near = names.find((name) => plain(name) === plain(column));
  return near === undefined ? `one of ${listed(names)}` : `${quote(near)}, which differs in case or blanks`;
}

/** The indices of columns. Refuses a column that occurs twice. */
export function findColumns(
  where: string,
  columns: readonly unknown[],
  find: FindColumn,
  names: readonly string[],
): number[] {
  const found = new Set<number>();
  for (const [i, column] of columns.entries()) {
    const index = find(`${where}[${i}]`, column);
    if (found.has(index)) throw outOfRange(`${where}[${i}]`, `${quote(names[index])} once more`, 'another column');
    found.add(index);
  }
  return [...found];
}
