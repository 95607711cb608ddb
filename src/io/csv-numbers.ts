import { quote } from '../check/errors.js';

/** The character before the fraction of a number. */
export type Decimal = '.' | ',';

/** Characters that decimal numbers do not contain. Number() alone also accepts hexadecimal numbers and `Infinity`. */
const FOREIGN = /[^\d.e+-]/i;

/**
 * The decimal number in a field without blanks around it: finite, or infinite if it is too large for a double. NaN for
 * everything else. The time is linear in the length of the field.
 */
export function toNumber(field: string, decimal: Decimal): number {
  if (decimal === ',' && field.includes('.')) return Number.NaN;
  const text = decimal === ',' ? field.replace(',', '.') : field;
  return text === '' || FOREIGN.test(text) ? Number.NaN : Number(text);
}

const isNumber = (field: string, decimal: Decimal) => !Number.isNaN(toNumber(field, decimal));

/** True for a number with a decimal point or a decimal comma. */
export const looksLikeNumber = (field: string): boolean => isNumber(field, '.') || isNumber(field, ',');

/** How programs write that a value is missing. */
const MISSING = /^(\?|-|\.|#?n\/?a|nan|null|none|nil)$/i;
/** The texts that MISSING takes, in one of their spellings with capital and small letters. */
export const MISSING_TEXTS: readonly string[] = [
  'NA',
  'N/A',
  '#NA',
  '#N/A',
  'NaN',
  'null',
  'none',
  'nil',
  '?',
  '-',
  '.',
];
/** Numbers with a mark between each three digits, with or without a fraction. */
const THOUSANDS = /^[+-]?\d{1,3}([.,' \u00a0\u2009\u202f])\d{3}(\1\d{3})*([.,]\d+)?$/;

/** True for an empty field, and for the ways in which programs write that a value is missing. */
export const looksMissing = (field: string): boolean => field === '' || MISSING.test(field);

/** Sorts names in place: as numbers if all of them are numbers, else as text. */
export function sortNames(names: string[], decimal: Decimal): string[] {
  const numbers = new Map(names.map((name) => [name, toNumber(name, decimal)]));
  const byText = (a: string, b: string) => (a < b ? -1 : 1);
  const byNumber = (a: string, b: string) => (numbers.get(a) as number) - (numbers.get(b) as number) || byText(a, b);
  return names.sort([...numbers.values()].some(Number.isNaN) ? byText : byNumber);
}

/** The advice for a field that is not a number, if the field shows why it is not. Otherwise undefined. */
export function numberWanted(field: string, decimal: Decimal): string | undefined {
  if (looksMissing(field)) return 'a number: fill in the missing value, or leave the row out';
  const other = decimal === '.' ? ',' : '.';
  const reads = `{ decimal: ${quote(other)} } reads numbers such as ${other === ',' ? '0,5' : '0.5'}`;
  const isOther = isNumber(field, other);
  if (field.length < 40 && THOUSANDS.test(field)) {
    return `a number without a mark between thousands${isOther ? ` (if the mark is a decimal one: ${reads})` : ''}`;
  }
  return isOther ? `a number with ${quote(decimal)}: ${reads}` : undefined;
}
