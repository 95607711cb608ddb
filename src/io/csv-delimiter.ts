import { outOfRange, quote } from '../check/errors.js';
import { type Decimal, toNumber } from './csv-numbers.js';
import { type Part, readRows } from './csv-rows.js';

/** The delimiters that are recognised. The first ones are preferred if nothing else decides. */
export const CANDIDATES: readonly string[] = [',', ';', '\t', '|'];

/** Detection uses this many rows, or fewer if they have more fields than that. */
const SAMPLE_ROWS = 50;
const SAMPLE_FIELDS = 200_000;

/** The result of dividing the first rows by one candidate. */
interface Division {
  readonly delimiter: string;
  /** The share of rows with the most frequent number of fields. Only numbers from 2 up count. */
  readonly agreeing: number;
  /** True if all rows have the same number of fields, at least 2, and their quotes match. */
  readonly isEven: boolean;
  /** True if every field with a comma is a number with a decimal comma. */
  readonly hasDecimalCommas: boolean;
}

/**
 * Reads a first line such as `sep=;`, which spreadsheets write and understand. Returns its delimiter, if there is such
 * a line, and the text without the line.
 */
export function readSeparatorLine(text: string): { declared: string | undefined; rest: string } {
  const [line, declared] = /^\ufeff?sep=([^"\r\n])(?:\r\n|\r|\n)/i.exec(text.slice(0, 10)) ?? [''];
  return { declared, rest: line === '' ? text : text.slice(line.length) };
}

/**
 * Detects the delimiter from the first rows, without empty rows and comments. It is the candidate that gives all of
 * them the same number of fields; if there is none, the one that does so for most rows. Undefined for a single column.
 * If all commas may be decimal commas, another delimiter is preferred to the comma. If two candidates fit equally well,
 * throws a RangeError that asks for `options.delimiter`. `part` says whether more text follows.
 */
export function findDelimiter(
  name: string,
  text: string,
  comment: string,
  decimal: Decimal,
  part?: Part,
): string | undefined {
  const possible = CANDIDATES.filter((candidate) => candidate !== comment && candidate !== decimal);
  const divisions = withoutDecimalCommas(possible.map((delimiter) => divide(text, delimiter, comment, part)));
  const even = divisions.filter(({ isEven }) => isEven);
  if (even.length > 1) {
    const delimiters = even.map(({ delimiter }) => quote(delimiter)).join(' and ');
    throw outOfRange(name, `rows that ${delimiters} divide evenly`, 'options.delimiter, which says what divides them');
  }
  const [best] = even.length > 0 ? even : divisions.toSorted((a, b) => b.agreeing - a.agreeing);
  return best?.delimiter;
}

function divide(text: string, delimiter: string, comment: string, part: Part | undefined): Division {
  const rowsOfLength = new Map<number, number>();
  let rows = 0;
  let fieldCount = 0;
  let hasDecimalCommas = true;
  let isBroken = false;
  try {
    for (const { fields } of readRows('', text, { delimiter, comment }, part)) {
      rowsOfLength.set(fields.length, (rowsOfLength.get(fields.length) ?? 0) + 1);
      hasDecimalCommas &&= fields.every((field) => !field.includes(',') || isDecimalNumber(field));
      rows++;
      fieldCount += fields.length;
      if (rows === SAMPLE_ROWS || (rows > 1 && fieldCount > SAMPLE_FIELDS)) break;
    }
  } catch {
    // with this delimiter, the quotes do not match
    isBroken = true;
  }
  const divided = [...rowsOfLength].filter(([length]) => length > 1).map(([, count]) => count);
  const agreeing = Math.max(0, ...divided) / Math.max(1, rows);
  return { delimiter, agreeing, isEven: !isBroken && agreeing === 1, hasDecimalCommas };
}

const isDecimalNumber = (field: string) => Number.isFinite(toNumber(field.trim(), ','));

/**
 * The candidates that divide any row. The comma is left out if another candidate divides the rows at least as well and
 * has commas only within numbers.
 */
function withoutDecimalCommas(all: readonly Division[]): Division[] {
  const divisions = all.filter(({ agreeing }) => agreeing > 0);
  const comma = divisions.find(({ delimiter }) => delimiter === ',');
  if (!comma) return divisions;
  const others = divisions.filter((division) => division !== comma);
  return others.some((other) => other.hasDecimalCommas && other.agreeing >= comma.agreeing) ? others : divisions;
}
