import {
  calledAlone,
  checkIsObject,
  checkName,
  checkNoMore,
  checkObject,
  counted,
  outOfRange,
  quote,
  wrongType,
} from '../check/errors.js';
import { notCloned } from '../check/not-cloned.js';
import { withMeant } from '../check/similar.js';
import type { Units } from '../data/units.js';
import { type ColumnKind, type FilledColumn, filledColumnOf, LONGEST_LIST, listNames, missingIn } from './column.js';
import { type EncodedInput, fitInput, isAsItIs, kindOf, namesOf, refusesMissing, scalesOf } from './encoded-input.js';
import {
  type Answer,
  classesOf,
  decodeOutputs,
  type EncodedTarget,
  fitTarget,
  refuseMissing,
  type TargetTask,
  taskOf,
  writeTargets,
} from './encoded-target.js';
import { checkEncoderJson, type EncoderJson } from './encoder-json.js';
import { checkEncodings, checkShared, ENCODER_KEYS, type EncoderOptions, planOf } from './encoder-options.js';
import { setOwn } from './own-property.js';
import { type PlaceOf, type RowNames, rowNamesOf } from './row-names.js';
import { Table } from './table.js';
import { recordWanted, wayToTable } from './way-to-table.js';
import { writeInputs } from './write-inputs.js';

/** What messages call the rows that are encoded. */
const DATA = rowNamesOf();

/** The columns of data that are to be encoded. */
interface Found {
  readonly columns: readonly FilledColumn[];
  readonly rows: number;
  readonly placeOf: PlaceOf;
}

/** The most inputs that a network can have. */
const MOST_INPUTS = 65_536;
/** The most bytes of encoded inputs: networks have at most 4 GiB of memory, of which the inputs are a part. */
const MOST_BYTES = 2 ** 31;
/** The longest name that a network can have. */
const LONGEST_NAME = 1000;

/** A data set of a network. */
export interface EncodedData {
  /** [rows × encoder.width], row-major. A Float64Array if a column of numbers is encoded as it is: `asIs`. */
  inputs: Float32Array | Float64Array;
  /**
   * Labels [rows] of a category or a boolean column; rows [rows × columns] of 0 and 1 for several boolean columns, of
   * numbers for number columns.
   */
  targets: Int32Array | Float32Array | Float64Array;
  /**
   * The names of the classes, or the columns of the labels, in the order of the outputs, for the network to keep. None
   * for numbers, and none if a name is empty or has more than 1000 characters, which networks do not keep.
   */
  classes?: readonly string[] | undefined;
  /** The names of the inputs [width], for the network to keep, under the same condition. */
  columns?: readonly string[] | undefined;
}

/**
 * Turns tables into inputs and targets of a network, and the network's outputs into answers. Means, categories and all
 * other facts that it uses come only from the training data.
 *
 * @example
 * import { Network } from 'simdprop';
 * import { Encoder, Table } from 'simdprop/tabular';
 *
 * const table = Table.fromColumns({ mass: [3.7, 5.2, 3.9, 5.4], sex: ['f', 'm', 'f', 'm'] });
 * const encoder = Encoder.fit(table, { target: 'sex' });
 * const net = await Network.create({ inputs: encoder.width, layers: [{ units: 1 }], seed: 1 });
 * await net.fit(encoder.encode(table));
 * console.log(encoder.decode(net.predict(encoder.encodeInputs(table)), 4)); // [ 'f', 'm', 'f', 'm' ]
 */
export class Encoder {
  /** @internal */
  readonly notCloned = notCloned('an Encoder: Encoder.fromJSON(encoder.toJSON()) makes a copy');
  /** The columns that become inputs. */
  readonly columns: readonly string[];
  /** The names of the inputs, such as `mass`, `mass missing` and `species=gentoo`: [width]. */
  readonly inputs: readonly string[];
  /** The number of inputs. */
  readonly width: number;
  /** How many inputs each column makes, in the order of `columns`; together they are `width`. */
  readonly widths: readonly number[];
  /** The columns to be learned. */
  readonly targets: readonly string[];
  /** The task: `classes`, `labels` or `numbers`, as in `net.task`. undefined without a target. */
  readonly task: TargetTask | undefined;
  /** The names of the classes in the order of their labels. undefined for other tasks. */
  readonly classes: readonly string[] | undefined;
  /**
   * The option `missing` that the training table was read with, for reading further data; undefined if it had none.
   * Records that are encoded are read with it.
   */
  readonly missing: readonly string[] | undefined;
  readonly #inputs: readonly EncodedInput[];
  readonly #targets: readonly EncodedTarget[];

  private constructor(json: EncoderJson) {
    const { inputs, targets, missing } = Object(json) as EncoderJson;
    if (!inputs) throw new TypeError('Encoder: got new Encoder(), want Encoder.fit(training, options)');
    this.#inputs = inputs;
    this.#targets = targets;
    this.columns = Object.freeze(inputs.map(({ column }) => column));
    this.inputs = Object.freeze(inputs.flatMap(namesOf));
    this.width = this.inputs.length;
    this.widths = Object.freeze(inputs.map((input) => namesOf(input).length));
    this.targets = Object.freeze(targets.map(({ column }) => column));
    this.task = taskOf(targets);
    this.classes = this.task === 'classes' ? Object.freeze(classesOf(targets)) : undefined;
    this.missing = missing;
    Object.freeze(this);
    if (this.width <= MOST_INPUTS) return;
    throw outOfRange(
      'encoder',
      `${counted(this.width, 'input')}, ${widest(inputs)}`,
      `at most ${MOST_INPUTS}: ${NARROWER}`,
    );
  }

  /**
   * Makes an encoder from the training data. Numbers are scaled, in doubles, to the mean 0 and the deviation 1. Each
   * value of a category becomes an input of 0 and 1. Dates become the time elapsed, and sines and cosines of the month,
   * the day, the day of the week and the time of the day.
   *
   * @param training the training data
   * @param options the target, the inputs and their encodings
   * @returns the encoder
   * @throws TypeError or RangeError for wrong options, and for columns that cannot be encoded so
   *
   * @example
   * import { Encoder, Table } from 'simdprop/tabular';
   *
   * const table = Table.fromColumns({ island: ['Dream', 'Biscoe', 'Dream'], mass: [3.7, 5.2, 4.1] });
   * const encoder = Encoder.fit(table, { target: 'mass' });
   * console.log(encoder.inputs); // ...
   */
  static fit(training: Table, options: EncoderOptions = {}, none?: undefined): Encoder {
    checkNoMore('Encoder.fit', 3, none);
    if (!(training instanceof Table)) {
      const way = Array.isArray(training) ? ': Table.fromRecords(records) makes one' : wayToTable(training);
      throw wrongType('training', training, `a Table${way}`);
    }
    return withMeant(() => Encoder.fitPart(training, options, () => training));
  }

  /**
   * @internal Makes an encoder of which only the classes come from all rows, and all facts about inputs come from a
   * part of the rows. `partOf` gives this part, with all columns; it is called after options and targets have been
   * checked.
   */
  static fitPart(all: Table, options: EncoderOptions, partOf: (task: TargetTask | undefined) => Table): Encoder {
    checkObject('options', options, ENCODER_KEYS);
    checkShared(options);
    const { rows } = all;
    if (rows === 0) throw outOfRange('training', 'a table without rows', 'one row or more');
    const targets = checkTargets(options.target);
    const inputs = inputNames(all, options.inputs, targets);
    const encodings = checkEncodings(options.encodings, inputs);
    const found = new Map(all.columns.map((name) => [name, all.column(name)]));
    const columns = inputs.map((name, i) => filledColumnOf(`options.inputs[${i}]`, name, found));
    const plans = inputs.map((name, i) => planOf(name, columns[i].kind, encodings.get(name), options));
    const refused = inputs.flatMap((name, i) => (plans[i].missing === 'refuse' ? [[name, columns[i]] as const] : []));
    refuseMissing('', refused, rows, WITHOUT_MISSING);
    const targetColumns = targets.map((name) => filledColumnOf('options.target', name, found));
    const fittedTargets = targets.map((name, t) => fitTarget(name, targetColumns[t]));
    // refuses targets that cannot be learned, before anything is measured
    const task = taskOf(fittedTargets);
    if (task) writeTargets('', fittedTargets, targetColumns, rows, (row) => all.placeOf(row));
    const part = partOf(task);
    return new Encoder({
      version: 1,
      inputs: inputs.map((name, i) => {
        const column = part.column(name) as FilledColumn;
        return fitInput(name, column, plans[i], missingIn(column, part.rows), part.rows);
      }),
      targets: fittedTargets,
      ...(all.missing && { missing: all.missing }),
    });
  }

  /**
   * Makes an encoder from the result of `toJSON`. Every value is checked, because the JSON may come from anywhere.
   *
   * @param json the result of `toJSON`, parsed
   * @returns the encoder
   * @throws TypeError or RangeError that names the place of what is wrong
   */
  static fromJSON(json: unknown, none?: undefined): Encoder {
    checkNoMore('Encoder.fromJSON', 2, none);
    if (typeof json === 'string') throw wrongType('encoder', json, 'an object: JSON.parse(text)');
    if (json instanceof Encoder) throw wrongType('encoder', json, 'the result of its toJSON()');
    return new Encoder(checkEncoderJson('encoder', json));
  }

  /**
   * The whole encoder as plain data, for `JSON.stringify`. Doubles keep their bits.
   *
   * @returns plain data, which `fromJSON` reads
   */
  toJSON(): EncoderJson {
    const { missing } = this;
    return structuredClone({ version: 1, inputs: this.#inputs, targets: this.#targets, ...(missing && { missing }) });
  }

  /**
   * The kinds of the inputs, for reading data without targets: `Table.fromCsv(text, { kinds: encoder.inputKinds })`.
   */
  get inputKinds(): Record<string, ColumnKind> {
    const kinds: Record<string, ColumnKind> = {};
    for (const input of this.#inputs) setOwn(kinds, input.column, kindOf(input));
    return kinds;
  }

  /** The kinds of inputs and targets, for reading further data: `Table.fromCsv(text, { kinds: encoder.kinds })`. */
  get kinds(): Record<string, ColumnKind> {
    const kinds = this.inputKinds;
    for (const { column, kind } of this.#targets) setOwn(kinds, column, kind);
    return kinds;
  }

  /**
   * Inputs, targets and their names, for `fit` and `evaluate`, of a table or of records such as `Table.fromRecords`
   * accepts. Records are read with the option `missing` of the training table, and without its other options.
   *
   * @param data a table with the columns of the training data, or records
   * @returns a data set, with the names of its columns and classes
   * @throws TypeError or RangeError for missing columns, unknown categories of the target and other wrong values;
   *   RangeError if the inputs would take more than 2 GiB
   */
  encode(data: Table | readonly object[], none?: undefined): EncodedData {
    if (!(this instanceof Encoder)) throw calledAlone('encoder.encode');
    checkNoMore('encode', 2, none);
    return this.encodeAs(DATA, data);
  }

  /** @internal `encode` of rows that messages call by other names. */
  encodeAs(rowNames: RowNames, data: Table | readonly object[]): EncodedData {
    if (this.#targets.length === 0) {
      throw outOfRange('encode', 'an encoder without a target', 'options.target, or encodeInputs');
    }
    const { columns, rows, placeOf } = this.#found(rowNames, data, [...this.#inputs, ...this.#targets]);
    const inputs = this.#inputsOf('encode', columns, rows, placeOf, this.#type);
    const targetColumns = columns.slice(this.#inputs.length);
    const names = {
      ...named('classes', this.task === 'labels' ? this.targets : this.classes),
      ...named('columns', this.inputs),
    };
    return { inputs, targets: writeTargets(rowNames.before, this.#targets, targetColumns, rows, placeOf), ...names };
  }

  /**
   * The inputs of a table or of records, for `predict`. They need no target. They are of the type that `encode` gives
   * them, or of the given one: `'float64'` is before they are rounded to 32 bits.
   *
   * @param data a table with the input columns of the training data, or records
   * @param type `'float32'` or `'float64'`
   * @returns inputs [rows × width]
   * @throws TypeError or RangeError for missing columns and wrong values; RangeError if the inputs would take more than
   *   2 GiB
   */
  encodeInputs(data: Table | readonly object[], type: 'float32'): Float32Array;
  encodeInputs(data: Table | readonly object[], type: 'float64'): Float64Array;
  encodeInputs(data: Table | readonly object[], type?: 'float32' | 'float64'): Float32Array | Float64Array;
  encodeInputs(
    data: Table | readonly object[],
    type?: 'float32' | 'float64',
    none?: undefined,
  ): Float32Array | Float64Array {
    if (!(this instanceof Encoder)) throw calledAlone('encoder.encodeInputs');
    checkNoMore('encodeInputs', 3, none);
    if (type !== undefined) checkName('type', type, ['float32', 'float64']);
    const { columns, rows, placeOf } = this.#found(DATA, data, this.#inputs);
    return this.#inputsOf('encodeInputs', columns, rows, placeOf, type ?? this.#type);
  }

  /** @internal What inputs and targets that are numbers stand for: see `Units`. `where`: what messages call them. */
  units(where: string): Units {
    const scales = this.#inputs.flatMap(scalesOf);
    return {
      where,
      columns: [
        ...this.inputs.map((name, k) => (scales[k].isDay ? `${name} in days since 1970` : name)),
        ...this.targets,
      ],
      means: scales.map(({ mean }) => mean),
      deviations: scales.map(({ deviation }) => deviation),
    };
  }

  /** Scaled numbers fit into 32 bits. Others, such as time stamps, may not: the network scales them, or warns. */
  get #type(): 'float32' | 'float64' {
    return this.#inputs.some(isAsItIs) ? 'float64' : 'float32';
  }

  #inputsOf(
    call: string,
    columns: readonly FilledColumn[],
    rows: number,
    placeOf: PlaceOf,
    type: 'float32' | 'float64',
  ): Float32Array | Float64Array {
    const inputs = this.#newInputs(call, rows, type);
    writeInputs(this.#inputs, columns, rows, inputs, this.width, placeOf);
    return inputs;
  }

  /**
   * The answers that belong to outputs of a network: names of classes, true or false, numbers.
   *
   * @param outputs [rows × outputs]; for two classes, the one output of the second class also does
   * @param rows the number of rows
   * @param threshold a single output, or the output of one of several labels, means true if it exceeds this; 1/2 if
   *   left out
   * @returns an answer for each row
   * @throws TypeError or RangeError for outputs of another length, and for a wrong threshold
   */
  decode(outputs: ArrayLike<number>, rows: number, threshold = 0.5, none?: undefined): Answer[] {
    if (!(this instanceof Encoder)) throw calledAlone('encoder.decode');
    checkNoMore('decode', 4, none);
    return decodeOutputs(this.#targets, outputs, rows, threshold);
  }

  /** Room for the inputs [rows × width]. Refuses more than a network can hold, or the engine can allocate. */
  #newInputs(where: string, rows: number, type: 'float32' | 'float64'): Float32Array | Float64Array {
    const size = rows * this.width;
    const bytes = size * (type === 'float32' ? 4 : 8);
    try {
      if (bytes <= MOST_BYTES) return type === 'float32' ? new Float32Array(size) : new Float64Array(size);
    } catch {
      // the engine has no such memory
    }
    const got = `${counted(rows, 'row')} of ${counted(this.width, 'input')} (${(bytes / 2 ** 30).toFixed(1)} GiB), ${widest(this.#inputs)}`;
    const most = bytes > MOST_BYTES ? 'at most 2 GiB' : 'what this engine can allocate';
    const wanted = `${most}: parts of the rows, such as table.slice(from, to) for fitStream; ${NARROWER}`;
    throw outOfRange(where, got, wanted);
  }

  /** The columns of these inputs and targets, with the kinds that they need, and what messages call their rows. */
  #found({ all, before }: RowNames, data: unknown, wanted: readonly (EncodedInput | EncodedTarget)[]): Found {
    const table = data instanceof Table ? data : tableOf(all, data, wanted, this);
    const columns = wanted.map(({ column, kind }) => {
      if (!table.has(column)) {
        throw outOfRange(all, `no column ${quote(column)}`, `it among ${listNames(table.columns)}`);
      }
      const found = table.column(column);
      const needed = kind === 'ordinal' || kind === 'oneHot' ? 'category' : kind;
      if (found.kind === needed) return found as FilledColumn;
      const option = wanted.length > this.#inputs.length ? 'kinds' : 'inputKinds';
      const way = `{ kinds: encoder.${option} }, an option of every function that makes a table, reads it in this way`;
      throw outOfRange(
        `${before}column ${quote(column)}`,
        `the kind ${found.kind}`,
        `${needed}, as in the training data: ${way}`,
      );
    });
    const refused = this.#inputs.flatMap((input, i) =>
      refusesMissing(input) ? [[input.column, columns[i]] as const] : [],
    );
    refuseMissing(before, refused, table.rows, WITHOUT_MISSING);
    return { columns, rows: table.rows, placeOf: (row) => before + table.placeOf(row) };
  }
}

const WITHOUT_MISSING = 'none: options.missing can replace them, table.withoutMissing(columns) leaves their rows out';

const NARROWER = 'a larger options.rare, encodings: { [column]: "ordinal" }, or fewer columns in options.inputs';

/** The column that makes the most inputs, for a message. */
function widest(inputs: readonly EncodedInput[]): string {
  const widthOf = (input: EncodedInput) => namesOf(input).length;
  const input = inputs.reduce((a, b) => (widthOf(b) > widthOf(a) ? b : a));
  const categories = input.kind === 'oneHot' ? ` of ${input.categories.length} categories` : '';
  return `${widthOf(input)} of them for ${quote(input.column)}${categories}`;
}

/** The names under a key, if a network can keep them. */
function named<Key extends string>(
  key: Key,
  names: readonly string[] | undefined,
): { [name in Key]?: readonly string[] } {
  const canKeep = names?.every((name) => name !== '' && name.length <= LONGEST_NAME);
  return (canKeep ? { [key]: names } : {}) as { [name in Key]?: readonly string[] };
}

function checkTargets(target: unknown): readonly string[] {
  if (target === undefined) return [];
  const targets = Array.isArray(target) ? target : [target];
  if (targets.length === 0) throw outOfRange('options.target', 'none', 'a column, or no target given');
  if (targets.length > LONGEST_LIST) throw outOfRange('options.target', targets, `at most ${LONGEST_LIST} columns`);
  for (const name of targets) {
    if (typeof name !== 'string') throw wrongType('options.target', name, 'the name of a column');
  }
  const seen = new Set<string>();
  for (const name of targets) {
    if (seen.has(name)) throw outOfRange('options.target', `${quote(name)} twice`, 'columns that differ');
    seen.add(name);
  }
  return targets;
}

function inputNames(table: Table, given: unknown, targets: readonly string[]): readonly string[] {
  if (given !== undefined && !Array.isArray(given)) throw wrongType('options.inputs', given, 'an array of columns');
  const names: readonly string[] =
    given ?? table.columns.filter((name) => !targets.includes(name) && table.column(name).kind !== 'ignored');
  if (names.length === 0) throw outOfRange('options.inputs', 'no columns', 'one or more');
  if (names.length > table.columns.length) {
    throw outOfRange('options.inputs', names, `at most the ${table.columns.length} columns of the table`);
  }
  const seen = new Set<string>();
  for (const [i, name] of names.entries()) {
    if (targets.includes(name)) throw outOfRange(`options.inputs[${i}]`, `the target ${quote(name)}`, 'another column');
    if (seen.has(name)) throw outOfRange(`options.inputs[${i}]`, `${quote(String(name))} twice`, 'another column');
    seen.add(name);
  }
  return names;
}

/** Refuses true and false for categories such as yes and no: as texts, they would be one more category. */
function checkNoBoolean(where: string, one: EncodedInput | EncodedTarget, value: unknown): void {
  if (typeof value !== 'boolean' || !('categories' in one)) return;
  if (one.categories.some((name) => name === 'true' || name === 'false')) return;
  const wanted = `a text, as in the training data: ${listNames(one.categories)}`;
  throw wrongType(`${where}, column ${quote(one.column)}`, value, wanted);
}

/** A table of the columns that are needed, made from records. */
function tableOf(
  where: string,
  records: unknown,
  wanted: readonly (EncodedInput | EncodedTarget)[],
  { kinds, missing }: Encoder,
): Table {
  if (!Array.isArray(records)) {
    throw wrongType(where, records, `a Table, or an array of objects${wayToTable(records)}`);
  }
  if (records.length === 0) throw outOfRange(where, 'no records', 'one or more');
  for (const [row, record] of records.entries()) checkIsObject(`${where}[${row}]`, record, recordWanted(record));
  const needed: Record<string, ColumnKind> = {};
  for (const { column } of wanted) {
    if (!records.some((record) => Object.hasOwn(record, column))) {
      const keys = listNames(Object.keys(records[0]));
      const wanted = 'it too, or null if it is missing';
      throw outOfRange(where, `records of ${keys || 'no values'} without ${quote(column)}`, wanted);
    }
    setOwn(needed, column, kinds[column]);
  }
  const own = records.map((record, row) => {
    const picked: Record<string, unknown> = {};
    for (const one of wanted) {
      const { column } = one;
      if (!Object.hasOwn(record, column)) continue;
      checkNoBoolean(`${where}[${row}]`, one, record[column]);
      setOwn(picked, column, record[column]);
    }
    return picked;
  });
  return Table.fromRecords(own, { kinds: needed, name: where, missing });
}
