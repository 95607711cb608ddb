import {
  ACTIVATION_FUNCTIONS,
  functionOf,
  leakyReluOf,
  type NamedActivation,
  type Scalar,
  type UnitActivation,
} from './functions.js';

// Says which activation a function of one number is, by its values, whatever operations it was composed of: exporters
// write gelu, silu or softsign in many ways.

/** h(u) = scale · A(slope · u + shift) + offset, where A is the activation. */
export interface Recognised {
  readonly activation: UnitActivation;
  readonly slope: number;
  readonly shift: number;
  readonly scale: number;
  readonly offset: number;
}

/** The activation that comes nearest to a function that is none, and the largest distance from it. */
export interface Nearest {
  readonly nearest: NamedActivation;
  readonly error: number;
}

/** Points from -10 to 10, none of them 0, where functions may have kinks, and some large ones. */
const GRID: readonly number[] = [
  ...Array.from({ length: 801 }, (_, i) => (i - 400) / 40 + 0.003),
  ...[12.1, 16.3, 20.2, 33, 50, 100, 1000, 1e4, 1e6].flatMap((u) => [-u, u]),
];

/** Beyond this, an exp of f32 overflows, and functions that are composed of it need not be finite. */
const OVERFLOW = 80;

/** The relative distance up to which two functions are the same: constants of files have been rounded to f32. */
const SAME = 2e-6;

const NAMES = Object.keys(ACTIVATION_FUNCTIONS) as NamedActivation[];
const EXACTLY = { slope: 1, shift: 0, scale: 1, offset: 0 };

const values = new Map(NAMES.map((name) => [name, GRID.map(ACTIVATION_FUNCTIONS[name])]));
const found = new WeakMap<Scalar, Recognised | Nearest>();

export const isRecognised = (result: Recognised | Nearest): result is Recognised => 'activation' in result;

/** The activation that `h` is, with its scales. */
export function recognise(h: Scalar): Recognised | Nearest {
  const before = found.get(h);
  if (before) return before;
  const result = recogniseAnew(h);
  found.set(h, result);
  return result;
}

function recogniseAnew(h: Scalar): Recognised | Nearest {
  const y = GRID.map(h);
  const exact = NAMES.find((name) => isSame(y, (i) => (values.get(name) as number[])[i]));
  if (exact) return { activation: exact, ...EXACTLY };
  return fitOf(h, y, FITS) ?? fitOf(h, y, [scaledFits]) ?? nearestTo(y);
}

/** The first fit that is the same as `h`, whose values are `y`. */
function fitOf(
  h: Scalar,
  y: readonly number[],
  fits: readonly ((h: Scalar) => Recognised[])[],
): Recognised | undefined {
  for (const [argument, value] of SIGNS) {
    const g: Scalar = argument === 1 && value === 1 ? h : (u) => value * h(argument * u);
    for (const fit of fits.flatMap((of) => of(g))) {
      const a = functionOf(fit.activation);
      const mine = {
        ...fit,
        slope: argument * fit.slope,
        scale: value * fit.scale,
        offset: value * fit.offset + 0,
      };
      if (isSame(y, (i) => mine.scale * a(mine.slope * GRID[i] + mine.shift) + mine.offset)) return mine;
    }
  }
  return undefined;
}

function nearestTo(y: readonly number[]): Nearest {
  const distances = NAMES.map((name): Nearest => ({ nearest: name, error: distance(y, values.get(name) as number[]) }));
  return distances.reduce((best, other) => (other.error < best.error ? other : best));
}

/** The signs of u and of the value: relu(-u) and -softplus(-u) are recognised too. */
const SIGNS = [
  [1, 1],
  [-1, 1],
  [1, -1],
  [-1, -1],
] as const;

/** Every activation as it is. */
function simpleFits(h: Scalar): Recognised[] {
  // most are ruled out by one number
  const at = h(1.5);
  return NAMES.filter((name) => Math.abs(ACTIVATION_FUNCTIONS[name](1.5) - at) <= SAME * (1 + Math.abs(at))).map(
    (activation) => ({ activation, ...EXACTLY }),
  );
}

/** Every activation with the scale and offset that two of its values say: x (1 + erf(x / √2)) is twice gelu. */
function scaledFits(h: Scalar): Recognised[] {
  const [left, right] = [-1.3, 2.1];
  return NAMES.map((activation) => {
    const a = ACTIVATION_FUNCTIONS[activation];
    const scale = nice((h(right) - h(left)) / (a(right) - a(left)));
    const offset = h(left) - scale * a(left);
    return {
      activation,
      slope: 1,
      shift: 0,
      scale,
      offset: Math.abs(offset) < 1e-7 * Math.abs(scale) ? 0 : nice(offset),
    };
  });
}

/** Whether a function with the values `y` on the grid is finite where it must be compared. */
const isCompared = (y: readonly number[], i: number) => Number.isFinite(y[i]) || Math.abs(GRID[i]) <= OVERFLOW;

/** Whether two functions are the same on the grid. */
function isSame(y: readonly number[], z: (i: number) => number): boolean {
  return y.every((value, i) => {
    if (!isCompared(y, i)) return true;
    const other = z(i);
    return Math.abs(value - other) <= SAME * (1 + Math.abs(other));
  });
}

/** The largest distance of two functions where |u| is at most 20.2; infinity if one of them is not finite. */
function distance(y: readonly number[], z: readonly number[]): number {
  let most = 0;
  for (const [i, u] of GRID.entries()) {
    if (!isCompared(y, i)) continue;
    const apart = Math.abs(y[i] - z[i]);
    // NaN, or infinite where the other is not
    if (!(apart < Number.POSITIVE_INFINITY)) return Number.POSITIVE_INFINITY;
    if (Math.abs(u) <= 20.2) most = Math.max(most, apart);
  }
  return most;
}

/** A function that rises faster in its middle is taken for a step. */
const STEEPEST = 100;

/** The slope at 0 of the functions that go from 0 to 1, and of (A + 1) / 2 for those that go from -1 to 1. */
const BOUNDED = { hardSigmoid: 1 / 6, sigmoid: 1 / 4, tanh: 1 / 2, softsign: 1 / 2 } as const;

/** For a function with two limits: the activations with the same limits, middle and slope in the middle. */
function fitsOfBounded(h: Scalar): Recognised[] {
  const [low, high] = [h(-1e9), h(1e9)];
  const height = high - low;
  // what falls rises when it is mirrored
  if (!(height > 0 && height < Number.POSITIVE_INFINITY)) return [];
  const middle = middleOf((u) => (h(u) - low) / height);
  if (middle === undefined) return [];
  // small, because softsign bends at once
  const step = 2 ** -24;
  const steepness = (h(middle + step) - h(middle - step)) / (2 * step * height);
  // a step, which has no slope
  if (!(steepness < STEEPEST)) return [];
  return Object.entries(BOUNDED).map(([name, slopeAtZero]) => {
    const slope = nice(steepness / slopeAtZero);
    const isSigned = name === 'tanh' || name === 'softsign';
    return {
      activation: name as NamedActivation,
      slope,
      shift: Math.abs(middle) < 1e-12 ? 0 : nice(-slope * middle),
      scale: nice(isSigned ? height / 2 : height),
      offset: nice(isSigned ? (low + high) / 2 : low),
    };
  });
}

/** Where a function from 0 to 1 reaches 1/2. */
function middleOf(g: Scalar): number | undefined {
  let [from, to] = [-1000, 1000];
  if (!(g(from) < 0.5 && g(to) > 0.5)) return undefined;
  for (let i = 0; i < 80; i++) {
    const between = (from + to) / 2;
    if (g(between) < 0.5) from = between;
    else to = between;
  }
  return (from + to) / 2;
}

/** For two lines that meet: leakyRelu with the quotient of their slopes, which Max or Min with a number are too. */
function fitsOfLines(h: Scalar): Recognised[] {
  const far = 2 ** 20;
  const [left, right] = [h(-far), h(far)];
  const [below, above] = [(left - h(-2 * far)) / far, (h(2 * far) - right) / far];
  // what falls on the right rises when it is mirrored
  if (!(above > 0 && Number.isFinite(below))) return [];
  const meeting = above === below ? 0 : (left - right + far * (above + below)) / (above - below);
  const kink = Math.abs(meeting) < 1e-7 ? 0 : nice(meeting);
  const ratio = below / above;
  const slope = nice(above, above);
  const activation = leakyReluOf(nice(ratio, Math.abs(ratio)));
  return [{ activation, slope, shift: 0 - slope * kink, scale: 1, offset: nice(h(kink)) + 0 }];
}

/** For a function with one limit, on the left: softplus and elu with the same limit and slope on the right. */
function fitsOfUnbounded(h: Scalar): Recognised[] {
  const low = h(-1e7);
  const steepness = (h(2e6) - h(1e6)) / 1e6;
  const atZero = h(0) - low;
  if (!Number.isFinite(low) || !Number.isFinite(steepness) || !(atZero > 0)) return [];
  const fit = (activation: UnitActivation, scale: number, offset: number): Recognised => {
    const rounded = nice(scale);
    return { activation, slope: nice(steepness / rounded), shift: 0, scale: rounded, offset: nice(offset) };
  };
  const offset = low + atZero;
  return [
    fit('softplus', atZero / Math.LN2, low),
    fit('elu', atZero, offset),
    fit({ name: 'elu', alpha: nice(atZero) }, 1, offset),
    fit({ name: 'elu', alpha: nice(atZero / steepness) }, steepness, offset),
  ];
}

/** A number that measurement has moved by less than 1e-7 of `size` from one with few digits is that one. */
function nice(value: number, size = Math.max(1, Math.abs(value))): number {
  const rounded = Number(value.toPrecision(7));
  const short = Number(value.toPrecision(4));
  const limit = 1e-7 * size;
  if (Math.abs(short - value) <= limit) return short;
  return Math.abs(rounded - value) <= limit / 1e4 ? rounded : value;
}

/** Fits that prefer to keep a function as it is. */
const FITS = [simpleFits, fitsOfLines, fitsOfBounded, fitsOfUnbounded];
