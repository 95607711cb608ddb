import { arrayType } from '../check/arrays.js';
import {
  advise,
  checkInteger,
  checkIsObject,
  checkName,
  checkNoMore,
  outOfRange,
  quote,
  wrongType,
} from '../check/errors.js';
import { notCloned } from '../check/not-cloned.js';
import { isPlain } from '../check/plain-arrays.js';
import { withMeant } from '../check/similar.js';
import { type PartsOf, partsOfRows, type Strata, TRAINING, VALIDATION } from '../data/parts.js';
import {
  type Column,
  type ColumnKind,
  type Columns,
  columnOf,
  copyOf,
  type FilledColumn,
  filledColumnOf,
  gather,
  isMissing,
  type Origin,
  type Value,
  valueAt,
  viewOf,
} from './column.js';
import { CONVERTED_KINDS, type ConvertedKind, converted } from './convert.js';
import {
  blocksFromCsvStream,
  type CsvSource,
  type CsvStreamOptions,
  type CsvTableOptions,
  columnsFromCsv,
  columnsFromCsvStream,
} from './from-csv.js';
import { columnsFromColumns, columnsFromRecords } from './from-values.js';
import { setOwn } from './own-property.js';
import { profileOf } from './profile.js';
import type { TableOptions } from './reading.js';
import { type HoldBackOptions, heldPartsOf, partsOf, strataIn, type TableSplitOptions } from './split.js';

/** A row of a table as an object: a value for each column that has values. */
export type TableRecord = Record<string, Value>;

/** The parts of a table. A part that was not asked for is undefined. */
export type TableSplit<Options extends TableSplitOptions> = PartsOf<Options, Table> & {
  /** The numbers of the rows in each part, counted from 0, in their order. */
  rows: PartsOf<Options, Uint32Array>;
};

/** Rows of a table as one of their own, and their numbers in the whole. */
export interface TablePart {
  readonly table: Table;
  readonly rows: Uint32Array;
}

/**
 * Columns of equal length, with names. Each column has values of one kind: numbers, categories (texts that occur
 * repeatedly), dates or booleans. The values of identifiers and free texts are not kept. A table never changes.
 *
 * @example
 * import { Table } from 'simdprop/tabular';
 *
 * const table = Table.fromCsv('species,mass\nadelie,3.7\ngentoo,5.2\nadelie,\n');
 * console.log(table.rows, table.columns, table.kinds.mass); // 3 [ 'species', 'mass' ] number
 * console.log(table.withoutMissing().toRecords()[1]); // { species: 'gentoo', mass: 5.2 }
 */
export class Table {
  /** @internal */
  readonly notCloned = notCloned('a Table: Table.fromCsv, fromRecords or fromColumns makes one where it is needed');
  /** The number of rows. */
  readonly rows: number;
  /** The names of all columns, in their order. */
  readonly columns: readonly string[];
  readonly #columns: ReadonlyMap<string, Column>;
  readonly #origin: Origin | undefined;

  private constructor(parts: Columns) {
    const { rows, columns, origin } = Object(parts) as Columns;
    if (!(columns instanceof Map)) {
      throw new TypeError('Table: got new Table(), want Table.fromRecords, Table.fromColumns or Table.fromCsv');
    }
    this.rows = rows;
    this.columns = Object.freeze([...columns.keys()]);
    this.#columns = columns;
    this.#origin = origin;
    for (const column of columns.values()) {
      Object.freeze(column);
      if (column.kind === 'category') Object.freeze(column.categories);
    }
    Object.freeze(this);
  }

  /**
   * Makes a table from objects, one for each row. Values are numbers, texts, true, false and Dates; null, undefined,
   * NaN and a missing key stand for missing values. Texts are read as in a CSV file, so `'12'` is a number.
   *
   * @param records an object for each row
   * @param options the kinds of columns, and what stands for missing values
   * @returns the table
   * @throws TypeError or RangeError that names the record and the column
   *
   * @example
   * import { Table } from 'simdprop/tabular';
   *
   * const table = Table.fromRecords([{ species: 'gentoo', mass: 5.2 }, { species: 'adelie', mass: null }]);
   * console.log(table.kinds); // { species: 'category', mass: 'number' }
   */
  static fromRecords(records: readonly object[], options: TableOptions = {}, none?: undefined): Table {
    checkNoMore('Table.fromRecords', 3, none);
    return withMeant(() => new Table(columnsFromRecords(records, options)));
  }

  /**
   * Makes a table from arrays or typed arrays of equal length, by the names of the columns. They may hold the same
   * values as in `fromRecords`, and are copied.
   *
   * @param columns arrays of equal length, by name
   * @param options the kinds of columns, and what stands for missing values
   * @returns the table
   * @throws TypeError or RangeError that names the column and the row
   *
   * @example
   * import { Table } from 'simdprop/tabular';
   *
   * const table = Table.fromColumns({ species: ['gentoo', 'adelie'], mass: new Float64Array([5.2, 3.7]) });
   * console.log(table.rows); // 2
   */
  static fromColumns(
    columns: Readonly<Record<string, ArrayLike<unknown>>>,
    options: TableOptions = {},
    none?: undefined,
  ): Table {
    checkNoMore('Table.fromColumns', 3, none);
    return withMeant(() => new Table(columnsFromColumns(columns, options)));
  }

  /**
   * Makes a table from the text of a CSV file. Rows whose fields are all empty are left out. The time is linear in the
   * length of the text.
   *
   * @param text the text of the file
   * @param options how it is read
   * @returns the table
   * @throws TypeError for wrong options; RangeError that names the row and the column; rows are counted from 1 as in a
   *   spreadsheet, with the header and empty rows
   */
  static fromCsv(text: string, options: CsvTableOptions = {}, none?: undefined): Table {
    checkNoMore('Table.fromCsv', 3, none);
    return withMeant(() => new Table(columnsFromCsv(text, options)));
  }

  /**
   * Makes a table from a CSV file that comes in parts: see `CsvSource`. The whole file is never in memory.
   *
   * @param source the parts of the file, as strings or bytes
   * @param options how it is read
   * @returns the table
   * @throws the errors of `fromCsv`, and those of the source
   *
   * @example
   * import { createReadStream } from 'node:fs';
   * import { Table } from 'simdprop/tabular';
   *
   * // in a page: await Table.fromCsvStream(await fetch('penguins.csv'))
   * const table = await Table.fromCsvStream(createReadStream('penguins.csv'));
   * console.log(table.rows); // 344
   */
  static async fromCsvStream(source: CsvSource, options: CsvStreamOptions = {}, none?: undefined): Promise<Table> {
    checkNoMore('Table.fromCsvStream', 3, none);
    return new Table(await columnsFromCsvStream(source, options).catch(advise));
  }

  /**
   * @internal The rows of a stream in tables of at least so many rows, or fewer if they are long, with the fields of
   * each row as they stand in the file. The command predicts files that do not fit into the memory.
   */
  static async *blocksFromCsvStream(
    source: CsvSource,
    options: CsvStreamOptions,
    rows: number,
  ): AsyncGenerator<{ table: Table; fields: readonly (readonly string[])[] }, void, undefined> {
    for await (const { columns, fields } of blocksFromCsvStream(source, options, rows)) {
      yield { table: new Table(columns), fields };
    }
  }

  /** @internal The option `missing` that it was read with: see `Encoder.missing`. */
  get missing(): readonly string[] | undefined {
    return this.#origin?.missing;
  }

  /** @internal What messages call a row: by its number in the file, if it comes from one. */
  placeOf(row: number): string {
    const file = this.#origin?.file;
    return file ? `${file.name}: row ${file.rows[row]}` : `row ${row}`;
  }

  /** The kind of each column, for `options.kinds`, so that further data can be read in the same way. */
  get kinds(): Record<string, ColumnKind> {
    const kinds: Record<string, ColumnKind> = {};
    for (const [name, { kind }] of this.#columns) setOwn(kinds, name, kind);
    return kinds;
  }

  /**
   * True if there is a column of this name.
   *
   * @param name the name of a column
   * @returns true if there is one
   * @throws nothing: a column that cannot be is not there
   */
  has(name: string, none?: undefined): boolean {
    checkNoMore('has', 2, none);
    return this.#columns.has(name);
  }

  /**
   * A column: its kind and the arrays of its values.
   *
   * @param name the name of the column
   * @returns the column; its arrays must not be changed
   * @throws RangeError that lists the columns if there is none of this name
   */
  column(name: string, none?: undefined): Column {
    checkNoMore('column', 2, none);
    return columnOf('name', name, this.#columns);
  }

  /**
   * A table of only these columns, in this order. The values are shared with this table.
   *
   * @param names the names of the columns
   * @returns the new table
   * @throws TypeError or RangeError for names that are not there or given twice, and for an empty list
   */
  select(names: readonly string[], none?: undefined): Table {
    checkNoMore('select', 2, none);
    checkNames(names);
    return this.#of(this.rows, new Map(names.map((name, i) => [name, columnOf(`names[${i}]`, name, this.#columns)])));
  }

  /**
   * A table without these columns. The values are shared with this table.
   *
   * @param names the names of the columns to leave out
   * @returns the new table
   * @throws TypeError or RangeError for names that are not there or given twice; RangeError if no column is left
   */
  without(names: readonly string[], none?: undefined): Table {
    checkNoMore('without', 2, none);
    checkNames(names);
    const left = new Map(this.#columns);
    for (const [i, name] of names.entries()) {
      columnOf(`names[${i}]`, name, this.#columns);
      left.delete(name);
    }
    return this.#of(this.rows, left);
  }

  #of(rows: number, columns: ReadonlyMap<string, Column>, origin = this.#origin): Table {
    if (columns.size === 0) throw outOfRange('names', 'no column that is left', 'one column or more');
    return new Table({ rows, columns, ...(origin && { origin }) });
  }

  /**
   * A table in which columns of numbers are categories or booleans: codes of classes, for example, or 0 and 1 for no
   * and yes. A category is named by its number as JavaScript prints it. All other values are shared with this table.
   *
   * @param kinds the new kinds, by the names of the columns
   * @returns the new table
   * @throws TypeError or RangeError for columns and kinds that are not there, and for numbers that are not of the new
   *   kind
   *
   * @example
   * import { Table } from 'simdprop/tabular';
   *
   * const table = Table.fromColumns({ digit: [3, 7, 3], survived: [0, 1, 1] });
   * const changed = table.withKinds({ digit: 'category', survived: 'boolean' });
   * console.log(changed.toRecords()[0]); // { digit: '3', survived: false }
   */
  withKinds(kinds: Readonly<Record<string, ConvertedKind>>, none?: undefined): Table {
    checkNoMore('withKinds', 2, none);
    checkIsObject('kinds', kinds);
    const whereOf = (name: string) => `kinds[${quote(name)}]`;
    for (const [name, kind] of Object.entries(kinds)) {
      checkName(whereOf(name), kind, CONVERTED_KINDS);
      columnOf('kinds', name, this.#columns);
    }
    return this.inKinds(kinds, whereOf);
  }

  /** @internal `withKinds` of columns that are there. `whereOf`: the place of a column in messages. */
  inKinds(kinds: Readonly<Record<string, ConvertedKind>>, whereOf: (name: string) => string): Table {
    const changed = new Map(this.#columns);
    for (const [name, kind] of Object.entries(kinds)) {
      changed.set(name, converted(whereOf(name), name, this.column(name), kind));
    }
    return this.#of(this.rows, changed);
  }

  /**
   * A table of the rows from `from` to before `to`. The values are shared with this table.
   *
   * @param from the number of the first row, counted from 0
   * @param to the number of the row after the last one; by default, all rows up to the end
   * @returns the new table
   * @throws TypeError or RangeError for numbers out of range
   */
  slice(from: number, to: number = this.rows, none?: undefined): Table {
    checkNoMore('slice', 3, none);
    checkInteger('from', from, 0, this.rows);
    checkInteger('to', to, from, this.rows);
    return this.#map(
      to - from,
      (column) => viewOf(column, from, to),
      (numbers) => numbers.subarray(from, to),
    );
  }

  /**
   * A copy of the rows with these numbers, counted from 0, in this order. A row may occur more than once.
   *
   * @param rows the numbers of the rows
   * @returns the new table
   * @throws TypeError or RangeError for numbers out of range
   */
  pick(rows: ArrayLike<number>, none?: undefined): Table {
    checkNoMore('pick', 2, none);
    if (!isPlain(rows) && arrayType(rows) === undefined) {
      throw wrongType('rows', rows, 'an array of the numbers of rows');
    }
    // before the copy: the array may have any length
    if (typeof rows[0] === 'boolean') {
      const way = 'marks.flatMap((is, row) => (is ? [row] : [])) makes them of marks';
      throw wrongType('rows[0]', rows[0], `the number of a row: ${way}`);
    }
    for (let i = 0; i < rows.length; i++) checkInteger(`rows[${i}]`, rows[i], 0, this.rows - 1);
    const picked = Uint32Array.from(rows);
    return this.#map(
      picked.length,
      (column) => copyOf(column, picked),
      (numbers) => gather(numbers, picked),
    );
  }

  #map(rows: number, change: (column: Column) => Column, changeNumbers: (numbers: Int32Array) => Int32Array): Table {
    const columns = new Map([...this.#columns].map(([name, column]) => [name, change(column)]));
    const file = this.#origin?.file;
    const ownFile = file && { file: { ...file, rows: changeNumbers(file.rows) } };
    return this.#of(rows, columns, this.#origin && { ...this.#origin, ...ownFile });
  }

  /**
   * A copy without the rows in which one of these columns has no value.
   *
   * @param names the names of the columns; by default, all that are not ignored
   * @returns the new table
   * @throws TypeError or RangeError for names that are not there, are given twice or are those of ignored columns
   */
  withoutMissing(names: readonly string[] = [...this.#filled().keys()], none?: undefined): Table {
    checkNoMore('withoutMissing', 2, none);
    checkNames(names);
    const columns = names.map((name, i) => filledColumnOf(`names[${i}]`, name, this.#columns));
    const rows = Uint32Array.from({ length: this.rows }, (_, row) => row);
    return this.pick(rows.filter((row) => !columns.some((column) => isMissing(column, row))));
  }

  #filled(): Map<string, FilledColumn> {
    const columns = [...this.#columns].filter(([, { kind }]) => kind !== 'ignored');
    return new Map(columns as [string, FilledColumn][]);
  }

  /**
   * An object for each row, without the columns that are ignored. Dates are Dates, categories are texts, null stands
   * for missing values.
   *
   * @returns an object for each row
   */
  toRecords(none?: undefined): TableRecord[] {
    checkNoMore('toRecords', 1, none);
    const filled = this.#filled();
    return Array.from({ length: this.rows }, (_, row) => {
      const record: TableRecord = {};
      for (const [name, column] of filled) setOwn(record, name, valueAt(column, row));
      return record;
    });
  }

  /**
   * Divides the rows into parts for training, validation and test, by share or number of rows. Rows are drawn with a
   * seed, with the same shares of each value of a column (`stratify`) or with whole groups of rows (`group`), or are
   * taken from the end. All parts keep the order of the rows. Parts from the end share the values of this table; all
   * others are copies.
   *
   * @param options the parts, and how rows are drawn
   * @returns the parts, and the numbers of their rows; a part that was not asked for is undefined
   * @throws TypeError or RangeError for wrong options, and for parts that cannot be made
   *
   * @example
   * import { Table } from 'simdprop/tabular';
   *
   * const table = Table.fromColumns({ species: ['a', 'b', 'a', 'b', 'a', 'b'], mass: [1, 2, 3, 4, 5, 6] });
   * const { training, test } = table.split({ test: 2, stratify: 'species', seed: 1 });
   * console.log(training.rows, test.rows); // 4 2
   */
  split<const Options extends TableSplitOptions>(options: Options, none?: undefined): TableSplit<Options> {
    checkNoMore('split', 2, none);
    const parts = withMeant(() => partsOf(this.rows, options, this.#find));
    const rows = Uint32Array.from(parts.keys());
    return partsOfRows<Options, Table>(parts, rows, (part) => this.#part(part, options.from));
  }

  /**
   * @internal The training rows and those that are held back for validation, with their numbers: see
   * `TableModelOptions.validation`. `where`: what `held` is called in messages; `classes`: the column to stratify by
   * unless `held` says otherwise.
   */
  holdBack(
    where: string,
    held: number | HoldBackOptions,
    implied: { readonly seed: number; readonly classes: string | undefined },
  ): { readonly training: TablePart; readonly validation: TablePart } {
    const parts = heldPartsOf(where, this.rows, held, implied, this.#find);
    const partOf = (part: number) => {
      const rows = rowsOf(parts, part);
      return { table: this.#part(rows, Object(held).from), rows };
    };
    return { training: partOf(TRAINING), validation: partOf(VALIDATION) };
  }

  /** @internal The values of a column that tell rows apart: see `WindowOptions.series`. Refuses missing values. */
  strata(where: string, name: unknown): Strata {
    return strataIn(where, this.rows, name, this.#find);
  }

  /** The table of these rows. In a split from the end, they follow one another. */
  #part(rows: Uint32Array, from: 'end' | undefined): Table {
    return from ? this.slice(rows[0], rows[rows.length - 1] + 1) : this.pick(rows);
  }

  #find = (where: string, name: unknown) => filledColumnOf(where, name, this.#columns);

  /**
   * A text for reading, with one line for each column: its name, its kind, how many values are missing, a summary of
   * the values, and hints such as "every value differs: an identifier?". It can be printed to a terminal, whatever
   * names and values contain.
   *
   * @returns a text of several lines
   */
  profile(none?: undefined): string {
    checkNoMore('profile', 1, none);
    return profileOf(this.rows, this.#columns);
  }
}

const rowsOf = (parts: Uint8Array, part: number) => Uint32Array.from(parts.keys()).filter((row) => parts[row] === part);

function checkNames(names: unknown): asserts names is readonly string[] {
  if (!Array.isArray(names)) throw wrongType('names', names, 'an array of names');
  const seen = new Set<unknown>();
  for (const [i, name] of names.entries()) {
    if (seen.has(name)) throw outOfRange(`names[${i}]`, `${quote(String(name))} once more`, 'another column');
    seen.add(name);
  }
}
