// Prints the coefficients of assembly/math.ts that are not those of Cephes: node scripts/fit-activations.mjs
//
// Each function f is approximated by a quotient P / Q of polynomials with the least relative error, up to a few
// percent. Lawson's method (1961) solves a weighted least-squares problem again and again, and each time multiplies the
// weight of a point by the error there. Q is 1 at 0, and so is P where the value at 0 is given. In the least-squares
// problem, (P - f Q) / Q takes the place of P / Q - f, with the Q of the time before.

const ITERATIONS = 300;

/** x with the least |A x - b|, by the modified Gram-Schmidt method. `columns`: those of A. */
function leastSquares(columns, b) {
  const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  const basis = columns.map((column) => [...column]);
  const rest = [...b];
  const upper = columns.map(() => []);
  const x = [];
  const subtract = (from, factor, column) => {
    column.forEach((value, i) => {
      from[i] -= factor * value;
    });
  };
  basis.forEach((column, j) => {
    const length = Math.sqrt(dot(column, column));
    column.forEach((value, i) => {
      column[i] = value / length;
    });
    upper[j][j] = length;
    for (let k = j + 1; k < basis.length; k++) {
      upper[j][k] = dot(column, basis[k]);
      subtract(basis[k], upper[j][k], column);
    }
    x[j] = dot(column, rest);
    subtract(rest, x[j], column);
  });
  for (let j = x.length - 1; j >= 0; j--) {
    for (let k = j + 1; k < x.length; k++) x[j] -= upper[j][k] * x[k];
    x[j] /= upper[j][j];
  }
  return x;
}

const polynomial = (coefficients, t) => coefficients.reduceRight((sum, c) => sum * t + c, 0);

/** `first`: the value of P at 0; undefined: it is free. */
function fit({ f, points, numerator, denominator = 0, first }) {
  const high = Math.max(...points);
  const values = points.map(f);
  const lead = first === undefined ? 0 : 1;
  let weights = points.map(() => 1);
  let q = [1];
  let best = { error: Number.POSITIVE_INFINITY };
  for (let n = 0; n < ITERATIONS; n++) {
    const scale = points.map((t, i) => Math.sqrt(weights[i]) / (values[i] * polynomial(q, t)));
    const column = (factor, power) => points.map((t, i) => factor(i) * scale[i] * (t / high) ** power);
    const powers = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
    const columns = [
      ...powers(lead, numerator).map((power) => column(() => 1, power)),
      ...powers(1, denominator).map((power) => column((i) => -values[i], power)),
    ];
    const x = leastSquares(
      columns,
      points.map((_, i) => scale[i] * (values[i] - (first ?? 0))),
    );
    const terms = numerator + 1 - lead;
    const unscaled = (c, power) => c / high ** power;
    const p = [...(lead ? [first] : []), ...x.slice(0, terms)].map(unscaled);
    q = [1, ...x.slice(terms)].map(unscaled);
    const errors = points.map((t, i) => Math.abs(polynomial(p, t) / polynomial(q, t) / values[i] - 1));
    const error = Math.max(...errors);
    if (error < best.error) best = { p, q, error };
    // the first times only make Q settle
    if (n > 20) weights = weights.map((w, i) => w * (errors[i] / error + 1e-3));
    const mean = weights.reduce((sum, w) => sum + w, 0) / weights.length;
    weights = weights.map((w) => w / mean);
  }
  return best;
}

/** Points from 0 to `high`, more of them at the ends. */
const spread = (high, count) =>
  Array.from({ length: count }, (_, i) => high * (0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / count)));

/** Phi(-t) e^(t^2 / 2): its series below 1, where it does not cancel, and the continued fraction above. */
function tail(t) {
  if (t > 1) {
    let fraction = t;
    for (let k = 3000; k > 0; k--) fraction = t + k / fraction;
    return 1 / Math.sqrt(2 * Math.PI) / fraction;
  }
  let sum = 0;
  for (let term = t, k = 1; k < 60; k++) {
    sum += term;
    term *= (t * t) / (2 * k + 1);
  }
  return 0.5 * Math.exp((t * t) / 2) - sum / Math.sqrt(2 * Math.PI);
}

function print(name, { p, q, error }) {
  console.log(`${name}: error ${error.toExponential(1)}`);
  console.log(`  P ${p.map(Math.fround).join(', ')}`);
  if (q.length > 1) console.log(`  Q ${q.map(Math.fround).join(', ')}`);
}

const tanh = fit({
  f: (t) => Math.tanh(Math.sqrt(t)) / Math.sqrt(t),
  points: spread((Math.LN2 / 4) * 1.0001, 400).map((x) => x * x),
  numerator: 2,
  first: 1,
});
print('TANH: tanh(x) / x, in powers of x^2', tanh);
print('HALF_TANH: tanh(x / 2) / x, in powers of x^2', { ...tanh, p: tanh.p.map((c, i) => c / 2 ** (2 * i + 1)) });
print(
  'ARTANH: 2 artanh(x / 2) / x, in powers of x^2',
  fit({
    f: (t) => (2 * Math.atanh(Math.sqrt(t) / 2)) / Math.sqrt(t),
    points: spread(2 / 3, 400).map((x) => x * x),
    numerator: 4,
    first: 1,
  }),
);
print(
  'TAIL: Phi(-x) e^(x^2 / 2), in powers of x',
  fit({ f: tail, points: spread(1, 500).map((x) => 14 * x * x), numerator: 4, denominator: 5 }),
);
