import { outOfRange, quote } from '../check/errors.js';
import { numberWanted, sortNames } from '../io/csv-numbers.js';
import { isBooleanWord, toBoolean } from './booleans.js';
import type { Column, ColumnKind } from './column.js';
import { numberAt } from './field-number.js';
import { Doubles, Integers } from './growing.js';
import { alsoMissing, type Reading } from './reading.js';

// Makes a column from values that come one after another.
//
// At first, a column is a list of codes: indices into a list of its different texts. Its kind is decided at the end, or
// as soon as there are more different texts than MOST_TEXTS. If all of them are then numbers, or all are dates, the
// column becomes a list of doubles; otherwise its values are not kept. A column therefore takes no more memory than
// numbers do, whatever its texts are.

/** The most different texts of one column that are kept, unless its kind is given. */
const MOST_TEXTS = 1000;
/** The most different texts of all columns together that are kept. At least LEAST_TEXTS of each column are kept. */
const MOST_TEXTS_IN_ALL = 2 ** 18;
const LEAST_TEXTS = 16;
/** A column with a text of more characters than this is ignored, unless its kind is given. */
const LONGEST_TEXT = 256;
/** A column of texts with more different ones than this is a category only if each occurs twice on average. */
const FEW_CATEGORIES = 20;

const BLANK = 32;

/** What the values of a column are stored as. */
type State = 'codes' | 'numbers' | 'dates' | 'nothing';

/** The values that a column can be made from: see `Table.fromRecords`. */
export const VALUES_WANTED = 'a number, a text, true, false, a Date, or null if the value is missing';

export class ColumnBuilder {
  readonly #column: string;
  readonly #reading: Reading;
  readonly #given: ColumnKind | undefined;
  /** True: numbers and dates, too, may stand for missing values. */
  readonly #asks: boolean;
  readonly #mostTexts: number;
  /** Returns the name of a row's place for messages. */
  readonly #placeOf: (row: number, column: string) => string;
  #state: State;
  #reason: string;
  readonly #doubles = new Doubles();
  readonly #codes = new Integers();
  /** Text to code; -1 for texts that stand for a missing value. */
  readonly #codeOf = new Map<string, number>();
  #texts: string[] = [];

  /** `columns`: the number of columns of the table. */
  constructor(column: string, reading: Reading, columns: number, placeOf: (row: number, column: string) => string) {
    this.#column = column;
    this.#reading = reading;
    this.#placeOf = placeOf;
    this.#given = reading.kindOf(column);
    this.#reason = `as options.${reading.kinds.has(column) ? 'kinds' : 'others'} says`;
    this.#asks = reading.missing !== undefined;
    const share = Math.max(LEAST_TEXTS, Math.min(MOST_TEXTS, Math.floor(MOST_TEXTS_IN_ALL / columns)));
    this.#mostTexts = this.#given === undefined ? share : Number.POSITIVE_INFINITY;
    this.#state = this.#given === 'number' ? 'numbers' : this.#given === 'date' ? 'dates' : 'codes';
    if (this.#given === 'ignored') this.#state = 'nothing';
  }

  /** Adds the value in text[from, to). `row`: the number of its row, for messages. */
  addField(text: string, from: number, to: number, row: number): void {
    let start = from;
    let end = to;
    while (start < end && text.charCodeAt(start) <= BLANK) start++;
    while (start < end && text.charCodeAt(end - 1) <= BLANK) end--;
    if (this.#state === 'numbers' && !this.#asks) {
      const value = start === end ? Number.NaN : numberAt(text, start, end, this.#reading.decimal);
      this.#doubles.push(Number.isFinite(value) ? value : this.#noNumber(text.slice(start, end).trim(), row));
    } else if (this.#state !== 'nothing') {
      const field = text.slice(start, end);
      this.#addTrimmed(field.trim(), row);
    }
  }

  /** Adds a JavaScript value. */
  addValue(value: unknown, row: number): void {
    if (value === undefined || value === null || Number.isNaN(value)) this.addMissing();
    else if (typeof value === 'number') this.#addNumber(value, row);
    else if (typeof value === 'string') this.addField(value, 0, value.length, row);
    else if (typeof value === 'boolean') this.#addTrimmed(String(value), row);
    else if (typeof value === 'bigint') this.#addNumber(Number(value), row);
    else if (isDate(value)) this.#addDate(value, row);
    else throw this.#wrongValue(value, row);
  }

  addMissing(): void {
    if (this.#state === 'codes') this.#codes.push(-1);
    else if (this.#state !== 'nothing') this.#doubles.push(Number.NaN);
  }

  #addNumber(value: number, row: number): void {
    if (!Number.isFinite(value)) throw outOfRange(this.#placeOf(row, this.#column), value, 'a finite number, or NaN');
    if (this.#state === 'numbers' || (this.#state === 'dates' && this.#given === 'date')) {
      const isMissing = this.#asks && this.#reading.isMissing(this.#reading.textOf(value));
      this.#doubles.push(isMissing ? Number.NaN : value);
    } else this.#addTrimmed(this.#reading.textOf(value), row);
  }

  #addDate(value: Date, row: number): void {
    const time = value.getTime();
    if (Number.isNaN(time)) throw outOfRange(this.#placeOf(row, this.#column), 'an invalid Date', VALUES_WANTED);
    if (this.#state === 'dates' && !this.#asks) this.#doubles.push(time);
    else this.#addTrimmed(value.toISOString(), row);
  }

  #addTrimmed(field: string, row: number): void {
    if (this.#state === 'codes') {
      const code = this.#codeOf.get(field);
      if (code === undefined) this.#addNew(field, row);
      else this.#codes.push(code);
    } else if (this.#asks && this.#reading.isMissing(field)) {
      this.addMissing();
    } else if (this.#state === 'dates') {
      const time = this.#reading.dateOf(field);
      this.#doubles.push(Number.isNaN(time) ? this.#noDate(field, row) : time);
    } else if (this.#state === 'numbers') {
      const value = this.#reading.numberOf(field);
      this.#doubles.push(Number.isFinite(value) ? value : this.#noNumber(field, row));
    }
  }

  /** Adds a text that is not in the list yet. */
  #addNew(field: string, row: number): void {
    if (this.#reading.isMissing(field)) {
      // not all are remembered: capital and small letters alone give many texts that stand for a missing value
      if (this.#codeOf.size < this.#mostTexts) this.#codeOf.set(copyOf(field), -1);
      this.#codes.push(-1);
      return;
    }
    if (this.#given === 'boolean' && toBoolean(field) === undefined) throw this.#noBoolean(field, row);
    const code = this.#texts.length;
    if (this.#given === undefined && field.length > LONGEST_TEXT) {
      this.#drop('long texts');
    } else if (code < this.#mostTexts) {
      const text = copyOf(field);
      this.#texts.push(text);
      this.#codeOf.set(text, code);
      this.#codes.push(code);
    } else {
      this.#settle();
      this.#addTrimmed(field, row);
    }
  }

  /** Decides the kind of the values, because there are too many different texts to keep. */
  #settle(): void {
    const { numberOf, isDate, dateOf } = this.#reading;
    if (this.#areNumbers) this.#become('numbers', numberOf);
    else if (this.#lost !== undefined) this.#drop(lostDigits(this.#lost));
    else if (this.#texts.every(isDate)) this.#become('dates', dateOf);
    else this.#drop(`more than ${this.#mostTexts} different texts`);
  }

  /** True if all texts are numbers that doubles keep. */
  get #areNumbers(): boolean {
    return this.#texts.every(this.#reading.isNumber) && this.#lost === undefined;
  }

  /** The first integer whose digits a double does not keep; undefined: there is none. */
  get #lost(): string | undefined {
    return this.#texts.find(losesDigits);
  }

  /** From now on the values are doubles. */
  #become(state: 'numbers' | 'dates', read: (text: string) => number): void {
    const values = Float64Array.from(this.#texts, (text) => read(text));
    for (const code of this.#codes.take()) this.#doubles.push(code < 0 ? Number.NaN : values[code]);
    this.#state = state;
    this.#forget();
  }

  #drop(reason: string): void {
    this.#state = 'nothing';
    this.#reason = reason;
    this.#codes.take();
    this.#forget();
  }

  #forget(): void {
    this.#texts = [];
    this.#codeOf.clear();
  }

  /** Returns NaN for a text that stands for a missing value. Throws for every other text. */
  #noNumber(field: string, row: number): number {
    if (this.#reading.isMissing(field)) return Number.NaN;
    const others =
      this.#given === 'number'
        ? `the table option ${alsoMissing(this.#reading, field)} if it stands for a missing value`
        : `the column has had only numbers before; ${this.#wayOut(field)}`;
    const known = numberWanted(field, this.#reading.decimal);
    throw outOfRange(this.#placeOf(row, this.#column), quote(field), `${known ?? 'a number'}; ${others}`);
  }

  /** Returns NaN for a text that stands for a missing value. Throws for every other text. */
  #noDate(field: string, row: number): number {
    if (this.#reading.isMissing(field)) return Number.NaN;
    const order = this.#reading.dateOrder ?? 'dmy';
    const wanted = `a date, such as 2026-12-31 or 2026-12-31T23:59:00Z; { dateOrder: "${order}" } reads others`;
    throw outOfRange(this.#placeOf(row, this.#column), quote(field), `${wanted}; ${this.#wayOut(field)}`);
  }

  #noBoolean(field: string, row: number): RangeError {
    const wanted = `true, false, yes, no, 1 or 0; ${this.#wayOut(field)}`;
    return outOfRange(this.#placeOf(row, this.#column), quote(field), wanted);
  }

  #wayOut(field: string): string {
    const category = `the table option { kinds: { ${quote(this.#column)}: "category" } } takes every text`;
    return `${category}, ${alsoMissing(this.#reading, field)} takes this one as missing, too`;
  }

  #wrongValue(value: unknown, row: number): TypeError {
    return new TypeError(`${this.#placeOf(row, this.#column)}: got ${shown(value)}, want ${VALUES_WANTED}`);
  }

  /** The complete column. */
  finish(): Column {
    if (this.#state === 'numbers') return { kind: 'number', values: this.#doubles.take() };
    if (this.#state === 'dates') return { kind: 'date', values: this.#doubles.take() };
    if (this.#state === 'nothing') return { kind: 'ignored', reason: this.#reason };
    const codes = this.#codes.take();
    const texts = this.#texts;
    const kind = this.#given ?? this.#guess(codes.length);
    if (kind === 'number') return { kind, values: decode(codes, texts.map(this.#reading.numberOf)) };
    if (kind === 'date') return { kind, values: decode(codes, texts.map(this.#reading.dateOf)) };
    if (kind === 'boolean') {
      const values = texts.map((text) => toBoolean(text) as number);
      return { kind, values: Int8Array.from(codes, (code) => (code < 0 ? -1 : values[code])) };
    }
    if (kind === 'ignored') {
      if (texts.length === 0) return { kind, reason: 'no values' };
      if (this.#lost !== undefined) return { kind, reason: lostDigits(this.#lost) };
      return { kind, reason: `${texts.length} different texts, most of them once` };
    }
    const categories = sortNames([...texts], this.#reading.decimal);
    const places = new Map(categories.map((text, place) => [text, place]));
    const sorted = Int32Array.from(texts, (text) => places.get(text) as number);
    for (let row = 0; row < codes.length; row++) if (codes[row] >= 0) codes[row] = sorted[codes[row]];
    return { kind, codes, categories };
  }

  #guess(rows: number): ColumnKind {
    const texts = this.#texts;
    if (texts.length === 0) return 'ignored';
    if (texts.every(isBooleanWord)) return 'boolean';
    if (this.#areNumbers) return 'number';
    if (texts.every(this.#reading.isDate)) return 'date';
    return texts.length <= FEW_CATEGORIES || texts.length * 2 <= rows ? 'category' : 'ignored';
  }
}

/**
 * True for an integer of so many digits that a double has others, such as an identifier. The text that JavaScript makes
 * of a double loses none.
 */
function losesDigits(text: string): boolean {
  if (!/^[+-]?\d{16,}$/.test(text)) return false;
  const value = Number(text);
  return String(value) !== text && Number.isFinite(value) && BigInt(text.replace('+', '')) !== BigInt(value);
}

const lostDigits = (text: string) => `integers of more digits than numbers keep, such as ${quote(text)}: identifiers?`;

function decode(codes: Int32Array, values: readonly number[]): Float64Array {
  // a loop: Float64Array.from() is several times slower
  const decoded = new Float64Array(codes.length);
  for (let row = 0; row < codes.length; row++) decoded[row] = codes[row] < 0 ? Number.NaN : values[codes[row]];
  return decoded;
}

/** A copy of a string. A piece of a larger string would keep the whole larger string in memory. */
const copyOf = (text: string): string => ` ${text}`.slice(1);

function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]';
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
