import { counted, outOfRange, quote } from '../check/errors.js';
import { type Dialect, RowScanner } from '../io/csv-rows.js';
import { checkCharacters, checkHeader, divide, wrongCount } from '../io/csv-text.js';
import type { Columns } from './column.js';
import { ColumnBuilder } from './column-builder.js';
import { Integers } from './growing.js';
import { checkKindsExist, type Reading } from './reading.js';

/** The number of characters in which the delimiter is searched for, or all if there are fewer. */
const SAMPLE = 2 ** 18;
/** A text that comes in small parts is read as soon as it has this many characters. */
const LEAST_PART = 2 ** 16;
/** A table has no more columns than a network has inputs. */
const MOST_COLUMNS = 65_536;

/** How the texts are divided into rows and fields. */
export interface CsvDialect {
  readonly header: boolean | undefined;
  /** The names of the columns, in place of those in the file. */
  readonly names: readonly string[] | undefined;
  readonly delimiter: string | undefined;
  readonly comment: string;
}

/** Some rows of a file: as columns, and, if they are kept, the fields of each as they stand in the file. */
export interface CsvBlock {
  readonly columns: Columns;
  readonly fields: readonly (readonly string[])[];
}

/**
 * Reads the text of a CSV file, in parts, into columns. A row that continues in the next part is read again from its
 * beginning, but only when the text has become twice as long. The time is therefore linear, however the text is cut.
 */
export class CsvTableReader {
  readonly #reading: Reading;
  readonly #given: CsvDialect;
  #text = '';
  /** The text is read as soon as it has this many characters. */
  #wanted = SAMPLE;
  /** The number of the first row in the text. */
  #row = 1;
  #dialect: (Dialect & { readonly hint: string }) | undefined;
  /** The number of the file's first row, and the builders of the columns that it has. */
  #first = 0;
  #builders: ColumnBuilder[] | undefined;
  #names: string[] = [];
  /** The number of rows in the builders, and whether `take` has already taken others. */
  #rows = 0;
  /** The number of each row in the builders, as messages count the rows of the file. */
  readonly #numbers = new Integers();
  #areTaken = false;
  /** The fields of the rows in the builders, if they are to be kept. */
  #fields: (readonly string[])[] | undefined;

  /** `keepsFields`: `take` also returns the fields of the rows. */
  constructor(reading: Reading, dialect: CsvDialect, keepsFields = false) {
    this.#reading = reading;
    this.#given = dialect;
    if (keepsFields) this.#fields = [];
  }

  /** The number of the row that is not complete yet, and how many characters of it are kept. */
  get open(): { readonly row: number; readonly characters: number } {
    return { row: this.#row, characters: this.#text.length };
  }

  push(text: string): void {
    checkCharacters(this.#reading.name, text);
    this.#text += text;
    if (this.#text.length >= this.#wanted) this.#read(false);
  }

  /** Reads the rest of the text. Returns the columns of all rows that have not been taken. */
  finish(): Columns {
    this.end();
    return this.#columns();
  }

  /** Reads the rest of the text. */
  end(): void {
    this.#read(true);
    const { name } = this.#reading;
    if (!this.#builders) throw outOfRange(name, 'no rows', 'one row or more');
    if (this.#rows === 0 && !this.#areTaken) throw outOfRange(name, 'a header alone', 'one row of values or more');
  }

  /** The number of rows that have been read and not taken. */
  get rows(): number {
    return this.#rows;
  }

  /** Takes the rows that have been read. The builders begin anew. */
  take(): CsvBlock {
    const block = { columns: this.#columns(), fields: this.#fields ?? [] };
    this.#builders = this.#makeBuilders();
    this.#rows = 0;
    this.#areTaken = true;
    if (this.#fields) this.#fields = [];
    return block;
  }

  #columns(): Columns {
    const builders = this.#builders as ColumnBuilder[];
    const { name, missing } = this.#reading;
    return {
      rows: this.#rows,
      columns: new Map(builders.map((builder, i) => [this.#names[i], builder.finish()])),
      origin: { missing, file: { name, rows: this.#numbers.take() } },
    };
  }

  #read(isLast: boolean): void {
    const part = { first: this.#row, isLast };
    const { name, decimal } = this.#reading;
    if (!this.#dialect) {
      const { comment, delimiter: given } = this.#given;
      const { text, delimiter, hint } = divide(name, this.#text, given, comment, decimal, part);
      if (!isLast && !new RowScanner(name, text, { delimiter, comment }, part).next()) {
        this.#wanted = 2 * this.#text.length;
        return;
      }
      this.#text = text;
      this.#dialect = { delimiter, comment, hint };
    }
    const text = this.#text;
    const rows = new RowScanner(name, text, this.#dialect, part);
    const delimiter = this.#dialect.delimiter.charCodeAt(0);
    while (rows.next()) {
      if (!this.#builders) this.#begin(rows, text);
      else if (rows.quoted) this.#addFields(rows.quoted, rows.number);
      else this.#addPlain(text, rows, delimiter);
    }
    this.#row = rows.rest.number;
    this.#text = text.slice(rows.rest.place);
    this.#wanted = Math.max(LEAST_PART, 2 * this.#text.length);
  }

  /** Reads the first row, which holds the names of the columns or the first values. */
  #begin(rows: RowScanner, text: string): void {
    const { header, names: given } = this.#given;
    const { name } = this.#reading;
    const fields = fieldsOf(rows, text, this.#dialect as Dialect);
    this.#first = rows.number;
    const where = `${name}: row ${rows.number}`;
    if (fields.length > MOST_COLUMNS)
      throw outOfRange(where, counted(fields.length, 'column'), `at most ${MOST_COLUMNS}`);
    if (given && given.length !== fields.length) {
      throw outOfRange(
        'options.names',
        counted(given.length, 'name'),
        `${fields.length}, as many as ${where} has fields`,
      );
    }
    if (header === undefined)
      checkHeader(
        where,
        fields.map((field) => field.trim()),
      );
    const hasHeader = header ?? true;
    this.#names = given ? [...given] : namesOf(where, hasHeader ? fields : fields.map(() => ''));
    checkKindsExist(this.#reading, this.#names);
    this.#builders = this.#makeBuilders();
    if (!hasHeader) this.#addFields(fields, rows.number);
  }

  #makeBuilders(): ColumnBuilder[] {
    const placeOf = (row: number, column: string) => `${this.#reading.name}: row ${row}, column ${quote(column)}`;
    return this.#names.map((column) => new ColumnBuilder(column, this.#reading, this.#names.length, placeOf));
  }

  #addFields(fields: readonly string[], row: number): void {
    const builders = this.#builders as ColumnBuilder[];
    if (fields.length !== builders.length) throw this.#wrongCount(fields, row);
    for (let i = 0; i < fields.length; i++) builders[i].addField(fields[i], 0, fields[i].length, row);
    this.#fields?.push(fields);
    this.#numbers.push(row);
    this.#rows++;
  }

  /** Adds a row without quotes, without making a string of it. */
  #addPlain(text: string, rows: RowScanner, delimiter: number): void {
    const builders = this.#builders as ColumnBuilder[];
    const { end, number } = rows;
    let column = 0;
    let from = rows.start;
    for (let at = from; at <= end; at++) {
      if (at < end && text.charCodeAt(at) !== delimiter) continue;
      if (column < builders.length) builders[column].addField(text, from, at, number);
      column++;
      from = at + 1;
    }
    if (column !== builders.length) throw this.#wrongCount(fieldsOf(rows, text, this.#dialect as Dialect), number);
    this.#fields?.push(fieldsOf(rows, text, this.#dialect as Dialect));
    this.#numbers.push(number);
    this.#rows++;
  }

  #wrongCount(fields: readonly string[], row: number): RangeError {
    const { comment, hint } = this.#dialect as Dialect & { hint: string };
    const wanted = this.#names.length;
    return wrongCount(this.#reading.name, row, fields, { wanted, first: this.#first, comment, hint });
  }
}

function fieldsOf({ quoted, start, end }: RowScanner, text: string, { delimiter }: Dialect): readonly string[] {
  return quoted ?? text.slice(start, end).split(delimiter);
}

/** The names in a header. A column without a name is named by its number, counted from 1. */
function namesOf(where: string, fields: readonly string[]): string[] {
  const names = new Set<string>();
  for (const [i, field] of fields.entries()) {
    const name = field.trim() || `column ${i + 1}`;
    if (names.has(name)) {
      const got = `${quote(name)} as the name of more than one column`;
      throw outOfRange(where, got, 'names that differ: options.names gives others');
    }
    // a copy, so that the first part of the text does not stay in memory
    names.add(` ${name}`.slice(1));
  }
  return [...names];
}
