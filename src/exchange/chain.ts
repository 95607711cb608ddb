import { checkBoolean, outOfRange, quote } from '../check/errors.js';
import { showActivation } from '../spec/activations.js';
import type { Activation } from '../spec/network-options.js';
import type { Standardization } from '../spec/standardization.js';
import { type Column, type Columns, columnsOf, isComplete, preluSlopeOf, type Source } from './columns.js';
import type { Exchanged, ExchangedLayer } from './exchanged.js';
import { nameOfLacking, type Scalar } from './functions.js';
import { isRecognised, type Nearest, type Recognised, recognise } from './recognise.js';
import { MOST_TRIES, type Stacked, stackedOf, type Tries } from './stacked.js';
import { floatsOf } from './tensor.js';

// Makes layers of the columns that a file's outputs are. What stands between two layers is divided: the function of
// each unit must be an activation; scales before it go into the weights below, scales after it into those above.

/** The option of readers that compose functions. */
export interface ApproximateOption {
  /**
   * true: takes the nearest activation for a function that this library does not have, if it is at most 0.01 away.
   * @defaultValue `false`: such a file is refused, and the error says which activation is nearest and how far away
   */
  approximate?: boolean | undefined;
}

/** The largest distance of a function from the activation that `approximate` takes for it. */
const APPROXIMATE = 0.01;

export interface ChainOptions extends ApproximateOption {
  /** The beginning of messages. */
  readonly where: string;
  /** How many weights and biases the layers may have together. */
  readonly mostParameters: number;
}

/** A column whose function is an activation: scale · A(slope · z + shift) + offset. */
interface Unit extends Recognised {
  readonly unit: number;
  /** The slope of a unit of prelu. */
  readonly preluSlope?: number;
}

type Layered = Pick<Exchanged, 'inputs' | 'layers' | 'scale' | 'standardization'> & { readonly notes: string[] };

/** A new layer with weights [units × columns] on these columns. */
export function dense(
  name: string,
  columns: Columns,
  units: number,
  weights: () => ArrayLike<number>,
  biases: ArrayLike<number> | undefined,
): Columns {
  return columnsOf({ units, name, from: { columns, weights, biases }, hasBias: biases !== undefined });
}

/** The layers that compute these columns of the inputs. */
export function layersOf(output: Columns, options: ChainOptions): Layered {
  const { where } = options;
  const notes: string[] = [];
  if (!isComplete(output)) {
    throw outOfRange(where, 'some outputs of a softmax without the others', 'all of them: they depend on each other');
  }
  if (output.whole === 'logSoftmax') {
    notes.push('logarithms of a softmax come in as the softmax: outputs are probabilities, not their logarithms');
  }
  const tries: Tries = { left: MOST_TRIES };
  const last = endOf(divided(output, options, notes, tries), options, notes);
  const uses = usesOf(last.columns, options, notes, tries);
  if (uses.length < 2) throw outOfRange(where, 'no layer with weights', 'one or more');
  const { inputs, incoming, ...scales } = inputsOf(where, uses[0]);
  const layers: ExchangedLayer[] = [];
  let parameters = 0;
  let below: Incoming = incoming;
  for (const [l, use] of uses.slice(1).entries()) {
    const isLast = l === uses.length - 2;
    const units = isLast ? last.units : distinct(use.columns.map((column) => unitOf(use, column, options, notes)));
    parameters += units.length * (below.units + 1);
    if (parameters > options.mostParameters) {
      throw outOfRange(where, `more than ${options.mostParameters} weights`, 'about as many as the file has');
    }
    const layer = layerOf(where, use.source, below, units, isLast ? last.activation : undefined);
    const isAsInFile = isUnscaled(units, below);
    const place = new Map(units.map((unit, j) => [keyOf(unit), j]));
    const { columns } = uses[l + 1];
    below = {
      units: units.length,
      columns: columns.map((column) => {
        const { scale, offset, ...unit } = unitOf(use, column, options, notes);
        return { place: place.get(keyOf(unit)) as number, scale, offset };
      }),
    };
    layers.push({ ...layer, ...trainingOf(use.source, isAsInFile, below, notes) });
  }
  return { inputs, layers, ...scales, notes };
}

/** The columns that each layer takes as inputs, in order, and the outputs as the last entry. */
function usesOf(output: Columns, options: ChainOptions, notes: string[], tries: Tries): Columns[] {
  const uses: Columns[] = [];
  for (let use: Columns | undefined = output; use; use = use.source.from?.columns) {
    use = divided(use, options, notes, tries);
    uses.unshift(use);
  }
  return uses;
}

/** Columns whose functions are stacked as those of a further layer, which takes each inner function as it is. */
function divided(columns: Columns, { mostParameters }: ChainOptions, notes: string[], tries: Tries): Columns {
  const { source, columns: all } = columns;
  const { length } = all;
  if (!source.from || length ** 2 > mostParameters) return columns;
  const stacked: (Stacked | undefined)[] = [];
  for (const column of all) {
    const isOne = !column.f || 'activation' in unitOrNearest({ ...column, f: column.f });
    const parts = column.f && !isOne ? stackedOf(column.f, tries) : undefined;
    // refused, or replaced by what is nearest
    if (!isOne && !parts) return columns;
    stacked.push(parts);
  }
  if (!stacked.some((one) => one)) return columns;
  const inner = all.map((column, i) => ({ ...column, ...(stacked[i] && { ...stacked[i], f: stacked[i].inner }) }));
  const more = identity(`${source.name} stacked`, { source, columns: inner });
  notes.push(`a layer was added between the functions that follow one another behind ${quote(source.name)}`);
  return {
    ...more,
    columns: more.columns.map((column, i) => {
      const { scale, offset, where } = all[i];
      return stacked[i] ? { ...column, f: stacked[i].outer, scale, offset, where } : column;
    }),
    ...(columns.whole && { whole: columns.whole }),
  };
}

/** A further layer of as many units, which are the columns as they are. */
function identity(name: string, columns: Columns): Columns {
  const { length } = columns.columns;
  const weights = () => Float64Array.from({ length: length ** 2 }, (_, i) => Number(i % (length + 1) === 0));
  return dense(name, columns, length, weights, undefined);
}

/** The columns that a layer takes, as units of the layer below. */
interface Incoming {
  readonly units: number;
  readonly columns: readonly { readonly place: number; readonly scale: number; readonly offset: number }[];
}

interface End {
  readonly columns: Columns;
  readonly units: readonly Unit[];
  readonly activation?: 'softmax';
}

/** The output layer. A further layer is added if the outputs are scaled after their function. */
function endOf(output: Columns, options: ChainOptions, notes: string[]): End {
  const units = output.columns.map((column) => unitOf(output, column, options, notes));
  const isPlain = units.every(({ scale, offset }) => scale === 1 && offset === 0);
  if (output.whole) {
    if (units.length < 2) throw outOfRange(options.where, 'a softmax of one unit, which is always 1', 'sigmoid');
    if (isPlain && units.every(({ activation }) => activation === 'linear')) {
      return { columns: output, units, activation: 'softmax' };
    }
  } else if (isPlain && output.source.from) {
    const pair = complementOf(output, units, notes);
    return pair ?? { columns: output, units };
  }
  if (!output.source.from) throw outOfRange(options.where, 'no layer with weights', 'one or more');
  const { length } = units;
  if (length ** 2 > options.mostParameters) {
    throw outOfRange(options.where, `${length} outputs that are scaled after their function`, 'fewer, or none');
  }
  const { columns, source } = output;
  const more = identity(`${source.name} scaled`, { source, columns });
  notes.push('a linear layer was added for what the file computes after the function of its last layer');
  return endOf({ ...more, ...(output.whole && { whole: output.whole }) }, options, notes);
}

/** 1 - p and p of one sigmoid unit, as exporters write two classes: the softmax of 0 and z. */
function complementOf(output: Columns, units: readonly Unit[], notes: string[]): End | undefined {
  const [first, second] = units;
  const isPair =
    units.length === 2 &&
    units.every(({ activation }) => activation === 'sigmoid') &&
    first.unit === second.unit &&
    first.slope === -second.slope &&
    first.shift === -second.shift;
  if (!isPair) return undefined;
  notes.push('the outputs 1 - p and p of one sigmoid unit come in as a softmax of two units, which is the same');
  const linear = (slope: number, shift: number): Unit => ({ ...second, activation: 'linear', slope, shift });
  return { columns: output, units: [linear(0, 0), linear(second.slope, second.shift)], activation: 'softmax' };
}

/** What goes into the first layer: columns that are scaled inputs. */
function inputsOf(
  where: string,
  { source, columns }: Columns,
): Pick<Layered, 'inputs' | 'scale' | 'standardization'> & { incoming: Incoming } {
  const changed = columns.find(({ f }) => f);
  if (changed) {
    const way = 'inputs that are at most scaled: leave it out of the file, and apply it to the samples';
    throw outOfRange(changed.where ?? where, 'a function of the inputs, before the first layer', way);
  }
  const inputs = source.units;
  const of = new Map<number, Column>();
  let areScales = true;
  for (const column of columns) {
    const { slope, shift } = of.get(column.unit) ?? column;
    if (slope !== column.slope || shift !== column.shift || !(slope > 0)) areScales = false;
    of.set(column.unit, column);
  }
  const plain = { inputs, incoming: incomingOf(inputs, columns, (): [number, number] => [1, 0]) };
  const all = [...of.values()];
  if (all.every(({ slope, shift }) => slope === 1 && shift === 0)) return plain;
  if (!areScales) return { inputs, incoming: incomingOf(inputs, columns, ({ slope, shift }) => [slope, shift]) };
  if (all.every(({ slope, shift }) => slope === all[0].slope && shift === 0)) return { ...plain, scale: all[0].slope };
  return { ...plain, standardization: standardizationOf(inputs, of) };
}

function incomingOf(
  units: number,
  columns: readonly Column[],
  scaleOf: (column: Column) => readonly [scale: number, offset: number],
): Incoming {
  return {
    units,
    columns: columns.map((column) => {
      const [scale, offset] = scaleOf(column);
      return { place: column.unit, scale, offset };
    }),
  };
}

function standardizationOf(inputs: number, of: ReadonlyMap<number, Column>): Standardization {
  const means = new Float64Array(inputs);
  const deviations = new Float64Array(inputs).fill(1);
  for (const [unit, { slope, shift }] of of) {
    means[unit] = asInFile(-shift / slope) + 0;
    deviations[unit] = asInFile(1 / slope);
  }
  return { means, deviations };
}

/** The f32 of the file from which this double was computed by divisions and multiplications, if it was an f32. */
function asInFile(value: number): number {
  const float = Math.fround(value);
  return Math.abs(float - value) <= 1e-14 * Math.abs(value) ? float : value;
}

/** The activation of a column. Throws a RangeError if its function is none. */
function unitOf(columns: Columns, column: Column, options: ChainOptions, notes: string[]): Unit {
  const { unit, slope, shift, f } = column;
  if (!f) return { unit, activation: 'linear', slope, shift, scale: 1, offset: 0 };
  const found = unitOrNearest({ ...column, f });
  if ('activation' in found) return found;
  return approximation(columns.source, found, { ...column, f }, options, notes);
}

/** The activation of a column, or the one that comes nearest to its function. */
function unitOrNearest(column: Column & { readonly f: Scalar }): Unit | Approximation {
  const { unit, slope, shift, f } = column;
  const preluSlope = preluSlopeOf(f);
  if (preluSlope === undefined) return unitOfFunction(column);
  // a prelu of c · z is c times that of z, if c is positive
  const c = column.offset === 0 && column.scale > 0 ? column.scale : 1;
  const scales = { slope: c * slope, shift: c * shift, scale: column.scale / c, offset: column.offset };
  return { unit, activation: 'prelu', ...scales, preluSlope };
}

function unitOfFunction(column: Column & { readonly f: Scalar }): Unit | Approximation {
  const { unit, slope, shift, f, scale, offset } = column;
  const place = (known: Recognised, by: Pick<Column, 'slope' | 'shift' | 'scale' | 'offset'>): Unit => ({
    unit,
    activation: known.activation,
    slope: known.slope * by.slope,
    shift: known.slope * by.shift + known.shift,
    scale: by.scale * known.scale,
    offset: by.scale * known.offset + by.offset,
  });
  const inner = recognise(f);
  const simple = isRecognised(inner) ? place(inner, column) : undefined;
  if (simple && simple.scale === 1 && simple.offset === 0) return simple;
  // the scales may belong to the function: 2 sigmoid(2 z) - 1 is tanh
  const others: Unit[] = [];
  let nearest = isRecognised(inner) ? undefined : { ...inner, unit, slope, shift, scale, offset };
  const attempt = (h: Scalar, by: Pick<Column, 'slope' | 'shift'>) => {
    const outer = recognise(h);
    const whole = { ...by, scale: 1, offset: 0 };
    if (isRecognised(outer)) others.push(place(outer, whole));
    else if (nearest && outer.error < nearest.error) nearest = { ...outer, unit, ...whole };
  };
  const outer = scale !== 1 || offset !== 0 ? scaledFunction(f, 1, scale, offset) : undefined;
  if (outer) attempt(outer, { slope, shift });
  const both = slope !== 1 && slope !== 0 ? scaledFunction(f, slope, scale, offset) : undefined;
  if (both) attempt(both, { slope: 1, shift: shift / slope });
  const exact = others.find((other) => other.scale === 1 && other.offset === 0) ?? simple ?? others[0];
  return exact ?? (nearest as Approximation);
}

/** The nearest activation, with its scales. */
type Approximation = Nearest & Pick<Column, 'unit' | 'slope' | 'shift' | 'scale' | 'offset'>;

const scaledFunctions = new WeakMap<Scalar, Map<string, Scalar>>();

/**
 * How many scales of one function are tried. What belongs to an activation, as in 2 sigmoid(2 z) - 1, is the same for
 * all units; a batch normalisation has scales of its own for each.
 */
const MOST_SCALES = 16;

/** scale · f(slope · u) + offset, the same function for the same numbers; undefined after many others of this f. */
function scaledFunction(f: Scalar, slope: number, scale: number, offset: number): Scalar | undefined {
  const known = scaledFunctions.get(f) ?? new Map<string, Scalar>();
  scaledFunctions.set(f, known);
  const key = `${slope},${scale},${offset}`;
  const h = known.get(key);
  if (h || known.size >= MOST_SCALES) return h;
  const made: Scalar = (u) => scale * f(slope * u) + offset;
  known.set(key, made);
  return made;
}

function approximation(
  source: Source,
  { nearest, error, ...scales }: Approximation,
  { slope, f, scale, offset, where }: Column & { readonly f: Scalar },
  { where: anywhere, approximate }: ChainOptions,
  notes: string[],
): Unit {
  const off = error.toPrecision(2);
  const layer = `the function after ${quote(source.name)}`;
  if (!approximate || !(error <= APPROXIMATE)) {
    const own: readonly Scalar[] = [f, (u) => scale * f(u) + offset, (u) => scale * f(slope * u) + offset];
    const name = own.map(nameOfLacking).find((known) => known !== undefined);
    const got = name ? `${layer}, which is ${name}` : `${layer}, which no activation computes`;
    const way = error <= APPROXIMATE ? ': pass approximate: true to take it' : ', too far for approximate: true';
    const wanted = `an activation of this library; nearest is ${nearest}, off by ${off}${way}`;
    throw outOfRange(where ?? anywhere, got, wanted);
  }
  const note = `${layer} was replaced by ${nearest}, which is off by at most ${off}`;
  if (!notes.includes(note)) notes.push(note);
  return { activation: nearest, ...scales };
}

const keyOf = ({ unit, activation, slope, shift, preluSlope }: Omit<Unit, 'scale' | 'offset'>) =>
  `${unit},${showActivation(activation)},${slope},${shift},${preluSlope}`;

/** A unit that is used with several functions becomes several units. */
function distinct(units: readonly Unit[]): Unit[] {
  return [...new Map(units.map((unit) => [keyOf(unit), unit])).values()];
}

/** True if the weights of units on these inputs are those of the file. */
const isUnscaled = (units: readonly Unit[], below: Incoming) =>
  units.every(({ slope }) => slope === 1) && below.columns.every(({ scale }) => scale === 1);

/**
 * What the file says about training a layer, if it means the same here. `next`: how the layer above takes the units;
 * units that are dropped must be 0 there.
 */
function trainingOf(
  { name, training = {} }: Source,
  isAsInFile: boolean,
  next: Incoming,
  notes: string[],
): Pick<ExchangedLayer, 'dropout' | 'maxNorm'> {
  const { dropout, maxNorm } = training;
  const isDropped = dropout !== undefined && next.columns.every(({ offset }) => offset === 0);
  const isLimited = maxNorm !== undefined && isAsInFile;
  if (dropout !== undefined && !isDropped) {
    notes.push(
      `the dropout behind ${quote(name)}, ${dropout}, stays behind: an offset behind its function became part of the weights`,
    );
  }
  if (maxNorm !== undefined && !isLimited) {
    notes.push(`the limit ${maxNorm} of the weights of ${quote(name)} stays behind: a scale became part of them`);
  }
  return { ...(isDropped && { dropout }), ...(isLimited && { maxNorm }) };
}

function layerOf(
  where: string,
  { from, name, hasBias }: Source,
  below: Incoming,
  units: readonly Unit[],
  whole: 'softmax' | undefined,
): ExchangedLayer {
  const { weights: read, biases: given } = from as NonNullable<Source['from']>;
  const source = read();
  // -0 + w is w, whatever the sign of a zero w
  const weights = new Float64Array(units.length * below.units).fill(-0);
  const biases = new Float64Array(units.length);
  const { length } = below.columns;
  for (const [j, { unit, slope, shift }] of units.entries()) {
    let bias = given ? given[unit] : 0;
    for (const [k, { place, scale, offset }] of below.columns.entries()) {
      const w = source[unit * length + k];
      weights[j * below.units + place] += slope * scale * w;
      if (offset !== 0) bias += w * offset;
    }
    biases[j] = slope * bias + shift;
  }
  const each: readonly Activation[] = units.map((unit) => unit.activation);
  const first = showActivation(each[0]);
  const activation = whole ?? (each.every((other) => showActivation(other) === first) ? each[0] : each);
  const isTrained = units.some(({ preluSlope }) => preluSlope !== undefined);
  return {
    units: units.length,
    activation,
    bias: hasBias || biases.some((bias) => bias !== 0),
    weights: floatsOf(`${where}: weights of ${quote(name)}`, weights),
    biases: floatsOf(`${where}: biases of ${quote(name)}`, biases),
    ...(isTrained && { slopes: Float32Array.from(units, ({ preluSlope = 0 }) => preluSlope) }),
  };
}

/** Checks the option `approximate`. */
export function checkApproximate({ approximate = false }: ApproximateOption): boolean {
  return checkBoolean('options.approximate', approximate);
}
