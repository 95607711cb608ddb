import { outOfRange, quote } from '../check/errors.js';
import type { Scalar } from './functions.js';

// What a file computes, column by column. A column is a function of one unit of the layer below: scale · f(slope · z +
// shift) + offset, so that whatever follows a layer elementwise is composed into one function of z.

export interface Column {
  /** Which unit of the source. */
  readonly unit: number;
  readonly slope: number;
  readonly shift: number;
  /** undefined: the column is slope · z + shift, and scale and offset are 1 and 0. */
  readonly f: Scalar | undefined;
  readonly scale: number;
  readonly offset: number;
  /** The beginning of messages about f: the place in the file that applied it last. */
  readonly where?: string;
}

/** The units that columns are functions of: the inputs, or the weighted inputs z of a layer. */
export interface Source {
  readonly units: number;
  /** The name that the file has for the layer. */
  readonly name: string;
  /** undefined: these are the inputs. */
  readonly from?: {
    readonly columns: Columns;
    /** w [units × columns], row-major. */
    readonly weights: () => ArrayLike<number>;
    readonly biases: ArrayLike<number> | undefined;
  };
  /** true: something was added to the units, zeros perhaps. */
  hasBias: boolean;
  /** What the file says about training these units: dropout behind their function, the longest weights of a unit. */
  training?: { readonly dropout?: number; readonly maxNorm?: number };
}

export interface Columns {
  readonly source: Source;
  readonly columns: readonly Column[];
  /** The function of all columns together that has been applied to them. */
  readonly whole?: 'softmax' | 'logSoftmax';
  /** Those that `whole` was applied to, if only some of them are left, or in another order. */
  readonly over?: readonly Column[];
}

const LINEAR = { slope: 1, shift: 0, f: undefined, scale: 1, offset: 0 };

/** All units of a source as they are. */
export function columnsOf(source: Source): Columns {
  return { source, columns: Array.from({ length: source.units }, (_, unit) => ({ unit, ...LINEAR })) };
}

/** The columns at these places. */
export function picked(columns: Columns, places: ArrayLike<number>): Columns {
  const { columns: all, whole, over } = columns;
  return {
    ...columns,
    columns: Array.from(places, (place) => all[place]),
    ...(whole && { over: over ?? all }),
  };
}

/** Whether all columns of a softmax are there, each as often as before. Those without a softmax are always complete. */
export function isComplete({ columns, over = columns }: Columns): boolean {
  if (columns.length !== over.length) return false;
  const counts = new Map<Column, number>();
  for (const column of over) counts.set(column, (counts.get(column) ?? 0) + 1);
  for (const column of columns) counts.set(column, (counts.get(column) ?? 0) - 1);
  return [...counts.values()].every((count) => count === 0);
}

/** The same columns with mul · column + add. */
export function scaled(columns: Columns, mul: (i: number) => number, add?: (i: number) => number): Columns {
  if (add && columns.columns.some(({ f }) => f === undefined)) columns.source.hasBias = true;
  return {
    source: columns.source,
    columns: columns.columns.map((column, i) => scaledColumn(column, mul(i), add ? add(i) : 0)),
  };
}

function scaledColumn(column: Column, mul: number, add: number): Column {
  if (column.f) return { ...column, scale: mul * column.scale, offset: mul * column.offset + add };
  return { ...column, slope: mul * column.slope, shift: mul * column.shift + add };
}

/** The most operations of a composed function: in a harmful file, every node may double them. */
const MOST_OPERATIONS = 2000;

/** The most columns that are made for one file. A real network has some thousands for each of some dozens of nodes. */
const MOST_COLUMNS = 2 ** 22;

/** How many different functions a file may have. Each takes memory, and the time to say which activation it is. */
const MOST_FUNCTIONS = 4096;

/** How many different slopes of prelu: they are weights, of which a file may have as many as units. */
const MOST_SLOPES = 2 ** 17;

/** The key of functions z where z > 0, else slope · z, whose slope the file trains: their units become prelu. */
export const PRELU = 'PRelu';

export const preluOf = (z: number, slope: number) => (z > 0 ? z : slope * z);

/** The note for a file that has one slope for all units of a layer. */
export const sharedSlope = (name: string) =>
  `the one slope of ${quote(name)} comes in as a slope for each unit, which learn on their own`;

/** The note for batch normalisation, whose statistics became part of the weights. */
export const foldedNorm = (name: string) =>
  `the batch normalisation ${quote(name)} became part of the weights: training here does not normalise batches`;

/** What a composed function is made of: g of its terms. */
interface Parts {
  readonly g: (...x: number[]) => number;
  readonly terms: readonly (Term | number)[];
}

const parts = new WeakMap<Scalar, Parts>();

/** What a composed function is made of; undefined for every other function. */
export const partsOf = (f: Scalar): Parts | undefined => parts.get(f);

const slopesOfPrelu = new WeakMap<Scalar, number>();

/** prelu with this slope, as PRELU makes it. */
export function preluWith(slope: number): Scalar {
  const f: Scalar = (z) => preluOf(z, slope);
  slopesOfPrelu.set(f, slope);
  return f;
}

/** The slope of a function that PRELU made; undefined for every other function. */
export const preluSlopeOf = (f: Scalar): number | undefined => slopesOfPrelu.get(f);

/** Composes functions. Equal compositions are the same function, so that it is recognised once. */
export class Composer {
  readonly #made = new Map<string, Scalar>();
  readonly #operations = new Map<Scalar, number>();
  readonly #ids = new Map<Scalar, number>();
  #columns = 0;
  #functions = 0;
  #slopes = 0;

  /** Throws a RangeError if a file makes more columns than any network has. */
  count(where: string, columns: number): void {
    this.#columns += columns;
    if (this.#columns > MOST_COLUMNS) {
      throw outOfRange(where, `more than ${MOST_COLUMNS} numbers to follow`, 'a network of fewer nodes');
    }
  }

  /**
   * The columns g(operands), element by element. `key`: the name of g with its constants. Numbers among the operands
   * are constants. Columns at the same place must be functions of the same unit.
   */
  compose(where: string, key: string, g: (...x: number[]) => number, operands: readonly Operand[]): Columns {
    const given = operands.filter((operand): operand is Columns => typeof operand === 'object' && 'columns' in operand);
    const [{ source, columns: first }] = given;
    this.count(where, first.length);
    if (given.some((other) => other.source !== source)) {
      throw outOfRange(where, 'branches of different layers that meet', 'one layer after another');
    }
    if (given.some(({ whole }) => whole)) throw outOfRange(where, 'a softmax amid the network', 'softmax at its end');
    if (given.some(({ columns }) => columns.length !== first.length)) {
      throw outOfRange(where, `columns of ${given.map(({ columns }) => columns.length)}`, 'as many on each side');
    }
    const at = (operand: Operand, i: number) =>
      typeof operand === 'function' ? operand(i) : (operand as Columns).columns[i];
    const columns = first.map((_, i) =>
      this.#composeOne(
        where,
        key,
        g,
        operands.map((operand) => at(operand, i)),
      ),
    );
    return { source, columns };
  }

  #composeOne(
    where: string,
    key: string,
    g: (...x: number[]) => number,
    operands: readonly (Column | number)[],
  ): Column {
    const columns = operands.filter((operand) => typeof operand === 'object');
    const { unit } = columns[0];
    if (columns.some((column) => column.unit !== unit)) {
      throw outOfRange(where, 'different units of a layer that meet', 'a function of one unit, or weights');
    }
    // the argument of the new function is that of an operand without a function, which is usually z of the layer
    const base = columns.find(({ f, slope }) => !f && slope !== 0) ?? columns.find(({ slope }) => slope !== 0);
    const [slope, shift] = base ? [base.slope, base.shift] : [1, 0];
    const terms = operands.map((operand) =>
      typeof operand === 'number' ? operand : this.#term(operand, slope, shift),
    );
    const name = `${key}(${terms.map((term) => (typeof term === 'number' ? term : term.name)).join(';')})`;
    let f = this.#made.get(name);
    if (!f) {
      const operations = 1 + terms.reduce<number>((sum, t) => sum + (typeof t === 'number' ? 0 : t.operations), 0);
      if (operations > MOST_OPERATIONS) {
        throw outOfRange(where, `a function of more than ${MOST_OPERATIONS} operations`, 'an activation function');
      }
      f = joined(g, terms);
      parts.set(f, { g, terms });
      const preluSlope = key === PRELU && base && !base.f && typeof terms[1] === 'number' ? terms[1] : undefined;
      if (preluSlope !== undefined) slopesOfPrelu.set(f, preluSlope);
      this.#countFunction(where, preluSlope !== undefined);
      this.#made.set(name, f);
      this.#operations.set(f, operations);
      this.#ids.set(f, this.#ids.size);
    }
    return { unit, slope, shift, f, scale: 1, offset: 0, where };
  }

  #countFunction(where: string, isPrelu: boolean): void {
    const [count, most, what] = isPrelu
      ? [++this.#slopes, MOST_SLOPES, 'slopes']
      : [++this.#functions, MOST_FUNCTIONS, 'functions of units'];
    if (count > most) throw outOfRange(where, `more than ${most} different ${what}`, 'one or a few for each layer');
  }

  /** A column as a function of slope · z + shift. */
  #term({ f, scale, offset, ...own }: Column, slope: number, shift: number): Term {
    const mul = own.slope / slope;
    const add = difference(own.shift, mul * shift);
    if (!f) return { name: `u,${mul},${add}`, operations: 1, mul, add, scale, offset, value: (u) => mul * u + add };
    return {
      ...{ f, mul, add, scale, offset },
      name: `${this.#ids.get(f)},${mul},${add},${scale},${offset}`,
      operations: 1 + (this.#operations.get(f) ?? 1),
      value: mul === 1 && add === 0 ? (u) => scale * f(u) + offset : (u) => scale * f(mul * u + add) + offset,
    };
  }
}

/** Columns, or a number for each column. */
export type Operand = Columns | ((i: number) => number);

/** scale · f(mul · u + add) + offset; without f, mul · u + add. */
interface Term extends Pick<Column, 'scale' | 'offset'> {
  readonly f?: Scalar;
  readonly mul: number;
  readonly add: number;
  readonly name: string;
  readonly operations: number;
  readonly value: Scalar;
}

function joined(g: (...x: number[]) => number, terms: readonly (Term | number)[]): Scalar {
  const [a, b] = terms.map((term) => (typeof term === 'number' ? () => term : term.value));
  if (terms.length === 1) return (u) => g(a(u));
  if (terms.length === 2) return (u) => g(a(u), b(u));
  const all = terms.map((term) => (typeof term === 'number' ? () => term : term.value));
  return (u) => g(...all.map((value) => value(u)));
}

/** a - b, without what rounding has left of it, so that units with different biases have the same function. */
function difference(a: number, b: number): number {
  const exact = a - b;
  const rounded = Math.round(exact * 2 ** 20) / 2 ** 20;
  return Math.abs(rounded - exact) <= 1e-12 * (Math.abs(a) + Math.abs(b)) ? rounded : exact;
}
