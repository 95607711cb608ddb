// The mathematics of learning rate schedules. A learning rate affects every weight, and Math.cos, Math.exp and Math.pow
// may differ in the last bit from engine to engine. These functions use only sums and products in a fixed order. Each
// series ends where its next term is below half an ulp of the result.

/** Sum of c_i x^i. The coefficient of the highest power comes first. */
function horner(x: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (const coefficient of coefficients) sum = sum * x + coefficient;
  return sum;
}

/** 1/21!, 1/19!, ..., 1/1!: sin x is x times the polynomial of -x² with these coefficients. */
const SINE = reciprocalFactorials(21).filter((_, i) => i % 2 === 0);
/** 1/14!, 1/13!, ..., 1/1!, 1: the coefficients of e^x. */
const EXPONENTIAL = [...reciprocalFactorials(14), 1];

/** 1/n!, 1/(n-1)!, ..., 1/1! */
function reciprocalFactorials(n: number): number[] {
  const values: number[] = [];
  for (let i = 1, factorial = 1; i <= n; i++, factorial *= i) values.unshift(1 / factorial);
  return values;
}

/** cos(πt) for t from 0 to 1, within 2^-52. */
export function cosPi(t: number): number {
  // cos(πt) = sin(π/2 - πt), whose argument stays between -π/2 and π/2
  const x = Math.PI * (0.5 - t);
  return x * horner(-x * x, SINE);
}

/** e^x, with a relative error below 2^-50 + |x| 2^-52. */
function exp(x: number): number {
  const k = Math.round(x / Math.LN2);
  return scale(horner(x - k * Math.LN2, EXPONENTIAL), k);
}

/** x 2^k. Multiplying by 2 and dividing by 2 are exact. */
function scale(x: number, k: number): number {
  let scaled = x;
  for (let i = 0; i < k && scaled !== Number.POSITIVE_INFINITY; i++) scaled *= 2;
  for (let i = 0; i > k && scaled !== 0; i--) scaled /= 2;
  return scaled;
}

/** The coefficients of artanh(s) / s as a polynomial of s². */
const ODD_RECIPROCALS = [23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1].map((n) => 1 / n);

/** ln x for x > 0. */
function log(x: number): number {
  let exponent = 0;
  let mantissa = x;
  for (; mantissa > Math.SQRT2; exponent++) mantissa /= 2;
  for (; mantissa < Math.SQRT1_2; exponent--) mantissa *= 2;
  // ln m = 2 artanh((m - 1) / (m + 1))
  const s = (mantissa - 1) / (mantissa + 1);
  return exponent * Math.LN2 + 2 * s * horner(s * s, ODD_RECIPROCALS);
}

/** base^exponent for a base from 0 up. For whole exponents from 0 up, it uses only products. */
export function power(base: number, exponent: number): number {
  if (!Number.isInteger(exponent) || exponent < 0) return base === 0 ? 0 : exp(exponent * log(base));
  let result = 1;
  let square = base;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

/** 0.96^x as (e^(x ln 0.96 / 1024))^1024, with the inner power from its series. In f64, it is 0 beyond x = 25,000. */
export function powerOf096(x: number): number {
  const exponent = (Math.min(x, 25_000) * -0.040821994520255166) / 1024;
  let power = 1;
  for (let k = 12; k > 0; k--) power = 1 + (exponent * power) / k;
  for (let i = 0; i < 10; i++) power *= power;
  return power;
}
