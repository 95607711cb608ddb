import { type Decimal, toNumber } from '../io/csv-numbers.js';

/** The powers of ten that doubles hold exactly. */
const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
/** Every number with this many digits is exact as a double. */
const EXACT_DIGITS = 15;

const PLUS = 43;
const MINUS = 45;
const ZERO = 48;
const CAPITAL_E = 69;
const SMALL_E = 101;

/**
 * The number in text[start, end), which has no blanks around it: the result of `toNumber` for that piece of the text,
 * to the last bit. Most numbers are read without making a string of the piece. Their digits and their power of ten are
 * exact as doubles, so one product or quotient rounds them correctly (Clinger, 1990).
 */
export function numberAt(text: string, start: number, end: number, decimal: Decimal): number {
  const mark = decimal === '.' ? 46 : 44;
  const sign = text.charCodeAt(start);
  let at = sign === MINUS || sign === PLUS ? start + 1 : start;
  let digits = 0;
  let value = 0;
  let fraction = 0;
  let code = 0;
  for (; at < end; at++, digits++) {
    code = text.charCodeAt(at) - ZERO;
    if (code < 0 || code > 9) break;
    value = value * 10 + code;
  }
  if (at < end && code + ZERO === mark) {
    const point = at;
    for (at++; at < end; at++, digits++) {
      code = text.charCodeAt(at) - ZERO;
      if (code < 0 || code > 9) break;
      value = value * 10 + code;
    }
    fraction = at - point - 1;
  }
  let exponent = 0;
  if (at < end && (code + ZERO === SMALL_E || code + ZERO === CAPITAL_E)) {
    const mantissaEnd = at++;
    const exponentSign = text.charCodeAt(at);
    if (exponentSign === MINUS || exponentSign === PLUS) at++;
    const first = at;
    for (; at < end && at < first + 3; at++) {
      code = text.charCodeAt(at) - ZERO;
      if (code < 0 || code > 9) break;
      exponent = exponent * 10 + code;
    }
    if (at === first) at = mantissaEnd;
    if (exponentSign === MINUS) exponent = -exponent;
  }
  const power = exponent - fraction;
  if (at < end || digits === 0 || digits > EXACT_DIGITS || power > 22 || power < -22) {
    return toNumber(text.slice(start, end), decimal);
  }
  const size = power < 0 ? value / POWERS[-power] : value * POWERS[power];
  return sign === MINUS ? -size : size;
}
