// The functions of a scalar graph, each with its derivatives.

type Operands = readonly { readonly value: number }[];

export interface Rule {
  value(operands: Operands): number;
  /** The derivative of `value` with respect to operand k. */
  slope(operands: Operands, k: number, value: number): number;
}

/** A function f of one number u. `slope`: its derivative, from u and f(u). */
const unary = (f: (u: number) => number, slope: (u: number, value: number) => number): Rule => ({
  value: ([u]) => f(u.value),
  slope: ([u], _k, value) => slope(u.value, value),
});

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

export const RULES = {
  add: { value: (operands) => operands.reduce((sum, { value }) => sum + value, 0), slope: () => 1 },
  subtract: { value: ([u, v]) => u.value - v.value, slope: (_, k) => (k ? -1 : 1) },
  multiply: { value: ([u, v]) => u.value * v.value, slope: (operands, k) => operands[1 - k].value },
  divide: { value: ([u, v]) => u.value / v.value, slope: ([, v], k, value) => (k ? -value : 1) / v.value },
  exp: unary(Math.exp, (_, value) => value),
  log: unary(Math.log, (u) => 1 / u),
  // 1 - sigmoid(z) is computed as sigmoid(-z), which does not cancel where sigmoid(z) is near 1
  sigmoid: unary(sigmoid, (z, value) => value * sigmoid(-z)),
  tanh: unary(Math.tanh, (_, value) => 1 - value * value),
  relu: unary(
    (z) => Math.max(z, 0),
    (z) => (z > 0 ? 1 : 0),
  ),
} satisfies Record<string, Rule>;

/** What a node computes from its operands. */
export type Operation = keyof typeof RULES;
