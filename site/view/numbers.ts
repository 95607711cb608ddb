// How numbers are written.

/** Three digits, with a true minus sign: −0.0172, 12.3, 1.2e−7. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(1) : value.toPrecision(3);
  return text.replaceAll('-', '−').replace('e+', 'e');
}

export const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const SUBSCRIPTS = '₀₁₂₃₄₅₆₇₈₉';
const digits = (value: number, from: string) => [...String(value)].map((digit) => from[Number(digit)]).join('');
export const superscript = (value: number): string => digits(value, SUPERSCRIPTS);
export const subscript = (value: number): string => digits(value, SUBSCRIPTS);
