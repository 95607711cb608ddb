import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { activations, type ReferenceActivation } from '../src/inspection/reference.js';
import { ACTIVATIONS, constantOf } from '../src/spec/activations.js';
import { ulp } from '../test/bounds.js';
import { startKernels } from '../test/build.js';
import { alignTable, describeMachine, type Machine, machineLine, saveResult } from './machine.js';

// Walks all floats but NaN through the activations that are not made of a few exact operations, and compares the
// results with the reference in doubles. SIMDPROP_BUILD chooses the build.

const HELP = `npm run bench:ulp -- [--only NAME] [--save]
  --only NAME  measure only this activation
  --save       also write the results to bench/results/ulp-<date>.json, after each activation; rows of others stay`;

/** Where the reference costs too much for billions of floats, and a formula has every bit of it. */
interface Ends {
  /** The first three terms of the function's series at 0. */
  series: readonly [number, number, number];
  /** Below -MIDDLE, and above MIDDLE. */
  low: (z: number) => number;
  high: (z: number) => number;
}

const NEAR_ZERO = 2 ** -18;
const MIDDLE = 128;

const zero = () => 0;
const one = () => 1;
const same = (z: number) => z;
const LAMBDA = 1.0507009873554805;
const ALPHA = 1.6732632423543772;
const ENDS: Partial<Record<ReferenceActivation, Ends>> = {
  sigmoid: { series: [0.5, 0.25, 0], low: zero, high: one },
  tanh: { series: [0, 1, 0], low: () => -1, high: one },
  elu: { series: [0, 1, 0.5], low: () => -1, high: same },
  selu: { series: [0, LAMBDA * ALPHA, (LAMBDA * ALPHA) / 2], low: () => -LAMBDA * ALPHA, high: (z) => LAMBDA * z },
  gelu: { series: [0, 0.5, 1 / Math.sqrt(2 * Math.PI)], low: zero, high: same },
  geluTanh: { series: [0, 0.5, 1 / Math.sqrt(2 * Math.PI)], low: zero, high: same },
  silu: { series: [0, 0.5, 0.25], low: zero, high: same },
  mish: { series: [0, 0.6, 0.32], low: zero, high: same },
  softplus: { series: [Math.LN2, 0.5, 0.125], low: zero, high: same },
};
const NAMES = Object.keys(ENDS) as ReferenceActivation[];

/** The smallest result of exp, e^-87.3, with which a function approaches 0. Smaller errors are not counted. */
const SMALLEST = 1.3e-38;
const LEAST_ERROR: Partial<Record<ReferenceActivation, number>> = { silu: 87.3, mish: 87.3, geluTanh: 10, gelu: 14 };

/** Four units in the last place below the largest float. */
const NEAR_INFINITY = (2 - 2 ** -23 - 4 * 2 ** -23) * 2 ** 127;

const LARGEST_BITS = 0x7f800000;
const COUNT = 1 << 16;
const Z = 1 << 16;
const A = Z + 4 * COUNT;
const CONSTANTS = A + 4 * COUNT;

interface Row {
  activation: string;
  /** The largest error in units in the last place, and the z that has it. */
  ulps: number;
  at: number;
  /** The same for z of at least -1/2: far below 0, some functions lose bits as e^x does. */
  ulpsFromMinusHalf: number;
  atFromMinusHalf: number;
  /** The largest step down from a float to the next one where the function rises, in units in the last place. */
  fall: number;
  fallAt: number;
  /** The least and the largest value. */
  least: number;
  largest: number;
}

/** Where functions have their minimum, rounded up: they rise from there on. */
const MINIMA: Partial<Record<ReferenceActivation, number>> = { gelu: -0.75, geluTanh: -0.75, silu: -1.27, mish: -1.19 };

async function measure(name: ReferenceActivation): Promise<Row> {
  const { core, memory } = await startKernels(CONSTANTS + 16);
  const [z, a] = [Z, A].map((at) => new Float32Array(memory.buffer, at, COUNT));
  const bits = new Uint32Array(memory.buffer, Z, COUNT);
  new Float32Array(memory.buffer, CONSTANTS, 1)[0] = name === 'elu' ? constantOf('elu') : 0;
  const leastError = SMALLEST * (LEAST_ERROR[name] ?? 1);
  const rising = MINIMA[name] ?? Number.NEGATIVE_INFINITY;
  const row: Row = {
    activation: name,
    ulps: 0,
    at: 0,
    ulpsFromMinusHalf: 0,
    atFromMinusHalf: 0,
    fall: 0,
    fallAt: 0,
    least: Number.POSITIVE_INFINITY,
    largest: Number.NEGATIVE_INFINITY,
  };
  // an error of one unit in the last place is at least 2^-24 of a number
  let unseen = 0;
  const note = (x: number, value: number, exact: number) => {
    if (value === exact || (x < -13 && Math.abs(value - exact) <= leastError)) return;
    // a result just below the largest float may become infinity
    if (value === Number.POSITIVE_INFINITY && exact > NEAR_INFINITY) return;
    const ulps = Math.abs(value - exact) / ulp(exact);
    if (!(ulps <= row.ulps)) [row.ulps, row.at] = [ulps, x];
    if (x >= -0.5 && !(ulps <= row.ulpsFromMinusHalf)) [row.ulpsFromMinusHalf, row.atFromMinusHalf] = [ulps, x];
    unseen = Math.min(row.ulps, row.ulpsFromMinusHalf) * 2 ** -24;
  };
  for (const sign of [1, -1]) {
    let previous = a[0];
    for (let from = 0; from <= LARGEST_BITS; from += COUNT) {
      const count = Math.min(COUNT, LARGEST_BITS + 1 - from);
      for (let i = 0; i < count; i++) bits[i] = from + i + (sign < 0 ? 0x80000000 : 0);
      core.activate(ACTIVATIONS[name], CONSTANTS, A, Z, 4 * COUNT, count, 1);
      const exactOf = formulaFor(name, z[0], z[count - 1]);
      const exact = exactOf ? undefined : activations[name].value(Float64Array.from(z.subarray(0, count)));
      if (from === 0) previous = a[0];
      for (let i = 0; i < count; i++) {
        const wanted = exact ? exact[i] : exactOf!(z[i]);
        const value = a[i];
        if (!(Math.abs(value - wanted) <= unseen * Math.abs(wanted))) note(z[i], value, wanted);
        const fall = sign * (previous - value);
        if (fall > 0 && z[i] >= rising && fall / ulp(value) > row.fall) {
          [row.fall, row.fallAt] = [fall / ulp(value), z[i]];
        }
        if (value < row.least) row.least = value;
        if (value > row.largest) row.largest = value;
        previous = value;
      }
    }
  }
  return row;
}

/** The function for floats from `first` to `last` if it is a simple one there. */
function formulaFor(name: ReferenceActivation, first: number, last: number): ((z: number) => number) | undefined {
  const { series, low, high } = ENDS[name]!;
  const [c0, c1, c2] = series;
  if (first >= MIDDLE || (last > 0 && (name === 'elu' || name === 'selu'))) return high;
  if (first <= -MIDDLE) return low;
  return Math.abs(last) < NEAR_ZERO ? (z) => c0 + z * (c1 + z * c2) : undefined;
}

/** True if tanh(-z) is -tanh(z) for every float z. */
async function isOdd(): Promise<boolean> {
  const { core, memory } = await startKernels(CONSTANTS + 16);
  const bits = new Uint32Array(memory.buffer, Z, COUNT);
  const values = new Uint32Array(memory.buffer, A, COUNT);
  for (let from = 0; from <= LARGEST_BITS; from += COUNT / 2) {
    const half = Math.min(COUNT / 2, LARGEST_BITS + 1 - from);
    for (let i = 0; i < half; i++) {
      bits[i] = from + i;
      bits[half + i] = from + i + 0x80000000;
    }
    core.activate(ACTIVATIONS.tanh, CONSTANTS, A, Z, 4 * COUNT, 2 * half, 1);
    for (let i = 0; i < half; i++) if (values[i] + 0x80000000 !== values[half + i]) return false;
  }
  return true;
}

/** Saves rows, together with those of other activations that were saved on the same day. */
function save(machine: Machine, rows: readonly Row[], tanhIsOdd: boolean): void {
  const name = `ulp-${machine.date}`;
  const path = new URL(`results/${name}.json`, import.meta.url);
  const saved = existsSync(path)
    ? (JSON.parse(readFileSync(path, 'utf8')) as { readonly rows: readonly Row[] })
    : undefined;
  const all = new Map([...(saved?.rows ?? []), ...rows].map((row) => [row.activation, row]));
  saveResult(name, machine, { rows: [...all.values()], tanhIsOdd });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, save: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const { only } = values;
  if (only !== undefined && !(NAMES as string[]).includes(only)) {
    throw new RangeError(`--only: got '${only}', want one of ${NAMES.map((name) => `'${name}'`).join(', ')}`);
  }
  const machine = describeMachine();
  const odd = await isOdd();
  const rows: Row[] = [];
  for (const name of NAMES.filter((name) => only === undefined || name === only)) {
    process.stderr.write(`${name} ...\n`);
    rows.push(await measure(name));
    if (values.save) save(machine, rows, odd);
  }
  const cells = rows.map((row) => [
    row.activation,
    ...[row.ulps, row.at, row.ulpsFromMinusHalf, row.atFromMinusHalf, row.fall, row.fallAt].map((number, i) =>
      i % 2 ? String(number) : number.toFixed(2),
    ),
    ...[row.least, row.largest].map((value) => value.toPrecision(6)),
  ]);
  const head = ['', 'ulp', 'at', 'ulp from -1/2 on', 'at', 'largest fall', 'at', 'least', 'largest'];
  console.log(`${machineLine(machine)}\n${alignTable([head, ...cells])}`);
  console.log(`tanh is odd for all floats: ${odd}`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
