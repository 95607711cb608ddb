import { type Bytes, checkBytes } from '../check/bytes.js';
import {
  advise,
  checkIsObject,
  checkNoMore,
  checkObject,
  counted,
  keysOf,
  outOfRange,
  quote,
} from '../check/errors.js';
import { notCloned } from '../check/not-cloned.js';
import { toTargetUnits } from '../data/target-scale.js';
import type { Task } from '../data/task.js';
import type { Label } from '../model/classify.js';
import { INSPECT } from '../model/describe.js';
import type { EvaluateOptions } from '../model/evaluate-options.js';
import type { Evaluation } from '../model/metrics.js';
import { OutputsError } from '../model/outputs-error.js';
import type { Disposer, Network } from '../network.js';
import type { LoadOptions } from '../persistence/decode.js';
import type { SaveOptions } from '../persistence/saved-network.js';
import type { SavedBytes } from '../persistence/sections.js';
import type { Answer } from '../tables/encoded-target.js';
import { type EncodedData, Encoder } from '../tables/encoder.js';
import { setOwn } from '../tables/own-property.js';
import { Table } from '../tables/table.js';
import { wayToTable } from '../tables/way-to-table.js';
import type { History } from '../training/history.js';
import type { ColumnImportance, ImportanceOptions } from './importance.js';
import { networkOptionsOf } from './model-network.js';
import { checkModelOptions, defaultShareOf, type TableModelOptions, trainingOf } from './model-options.js';
import { trainingData } from './model-parts.js';
import { like, withTargets } from './model-task.js';
import { weightedRows } from './model-weights.js';

/** A prediction for one row. */
export interface Prediction {
  /**
   * What the row is predicted to have in the target column, in the terms and the units of the training table: the name
   * of a class, true or false, or a number. For several targets: an object with a value for each.
   */
  value: Answer;
  /**
   * For classes: the probability of each class, by name; they add up to 1. For labels: the probability of each target
   * column. undefined for numbers. The order of the keys need not be that of `model.classes`: JavaScript puts keys such
   * as `1` before all others.
   */
  probabilities?: Record<string, number> | undefined;
}

/** Options of `predict`. */
export type PredictOptions = Pick<EvaluateOptions, 'threshold'>;

const PREDICT_KEYS = keysOf<PredictOptions>({ threshold: true });

/** The result of `evaluate`: the metrics of the model's task, and the names that belong to their numbers. */
export type TableEvaluation = Evaluation & {
  /** The target columns. For numbers: in the order of `byOutput`. */
  targets: readonly string[];
};

export interface TableModel extends Disposer {}

/**
 * A network with the encoder of its table: rows go in as they stand in the table, and names, probabilities and numbers
 * in the units of the table come out. What the network needs follows from the target column. Everything is in one file.
 *
 * A model is frozen. Errors are those of `Network`, `Encoder` and `Table`.
 *
 * @example
 * import { Table, TableModel } from 'simdprop/tabular';
 *
 * const bills = [38, 39, 40, 41, 37, 38, 47, 48, 49, 50, 46, 47];
 * const table = Table.fromColumns({ bill: bills, species: bills.map((bill) => (bill < 44 ? 'adelie' : 'gentoo')) });
 * const model = await TableModel.fit(table, { target: 'species' });
 * console.log(model.predict({ bill: 39.5 }).value); // adelie
 * const same = await TableModel.load(await model.save());
 * console.log(same.targets); // [ 'species' ]
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the class has the method that the interface declares
export class TableModel {
  /** @internal */
  readonly notCloned = notCloned('a TableModel: await TableModel.load(await model.save()) makes a copy');
  /** The network. It can be trained further: `model.network.fit(model.encoder.encode(table))`. */
  readonly network: Network;
  /** The encoder. `encoder.inputKinds` are the kinds in which tables for `predict` must be read. */
  readonly encoder: Encoder;
  /** What the model learns. */
  readonly task: Task;
  /** The columns that are learnt. */
  readonly targets: readonly string[];
  /** The columns that are inputs. */
  readonly columns: readonly string[];
  /** The names of the classes, or the columns of the labels, in the order of the outputs. undefined for numbers. */
  readonly classes: readonly string[] | undefined;
  /** The reports of `fit`; undefined for a model that was loaded. */
  readonly history: History | undefined;

  private constructor(network: Network, encoder: Encoder, history: History | undefined) {
    if (!(encoder instanceof Encoder))
      throw new TypeError('TableModel: got new TableModel(), want await TableModel.fit(table, options)');
    this.network = network;
    this.encoder = encoder;
    this.task = encoder.task as Task;
    this.targets = encoder.targets;
    this.columns = encoder.columns;
    this.classes = classesOf(encoder);
    this.history = history;
    Object.freeze(this);
  }

  /**
   * Makes and trains a model on a table, or on records, which are read with the default options of `Table.fromRecords`.
   * By default, some rows are held back: training ends when their cost no longer falls, and the model gets its best
   * weights. Rows in which a target is missing are refused. Data and options are read at the call.
   *
   * @param training the rows, with their targets
   * @param options the target, which is required, and the network and its training
   * @returns the trained model
   * @throws TypeError or RangeError for wrong options and rows; all errors of `Network.fit`
   */
  static async fit(
    training: Table | readonly object[],
    options: TableModelOptions,
    none?: undefined,
  ): Promise<FittedTableModel> {
    checkNoMore('TableModel.fit', 3, none);
    return await TableModel.#fit(training, options).catch(advise);
  }

  static async #fit(training: Table | readonly object[], options: TableModelOptions): Promise<FittedTableModel> {
    const plan = checkModelOptions(options);
    const given = training instanceof Table ? training : Table.fromRecords(training, { name: 'training' });
    const { table: counted, weights } = weightedRows(given, plan.weights);
    const table = withTargets(counted, options.target, plan.task);
    const { encoder, ...data } = trainingData(table, weights, plan);
    const settings = trainingOf(plan, data.rows, encoder.task as Task, data.validation);
    const { Network } = await import('../index.js');
    const network = await Network.create(networkOptionsOf(encoder, plan));
    try {
      const history = await network.fit(data.training, settings);
      return new TableModel(network, encoder, history) as FittedTableModel;
    } catch (error) {
      network.dispose();
      throw error;
    }
  }

  /** @internal The table with its targets in the kinds in which `fit` learns them. The command splits by them. */
  static withTargets(table: Table, { target, task }: Pick<TableModelOptions, 'target' | 'task'>): Table {
    return withTargets(table, target, task);
  }

  /** @internal The share of so many training rows that `fit` holds back by default. The command draws it itself. */
  static defaultShareOf(rows: number): number | false {
    return defaultShareOf(rows);
  }

  /**
   * Reads a model that `save` has written. Its predictions have the same bits.
   *
   * @param bytes the whole file; it is copied at the call
   * @param options those of `Network.load`
   * @returns the model
   * @throws TypeError or RangeError for damaged files, and for files of networks without an encoder
   */
  static async load(bytes: Bytes, options: LoadOptions = {}, none?: undefined): Promise<TableModel> {
    checkNoMore('TableModel.load', 3, none);
    return await TableModel.#load(bytes, options).catch(advise);
  }

  static async #load(bytes: Bytes, options: LoadOptions): Promise<TableModel> {
    // a copy at once: the caller may change them while the rest is loaded
    const file = new Uint8Array(checkBytes('load', bytes, 'a Uint8Array or an ArrayBuffer that model.save() made'));
    const [{ encoderOf }, { Network }] = await Promise.all([import('./model-file.js'), import('../index.js')]);
    const encoder = await encoderOf(file);
    const network = await Network.load(file, options);
    try {
      checkFits('load', network, encoder);
      return new TableModel(network, encoder, undefined);
    } catch (error) {
      network.dispose();
      throw error;
    }
  }

  /**
   * The predictions for the rows of a table, for an array of records, or for one record. They need no targets. In
   * records, missing values must be null.
   *
   * @param data a table or an array of records
   * @param options the threshold: of two classes, the second one is predicted if its probability exceeds it; a label,
   *   if its own does
   * @returns a prediction for each row
   * @throws TypeError or RangeError for missing columns, wrong values and wrong options; RangeError if an output is not
   *   finite
   */
  predict(data: Table | readonly object[], options?: PredictOptions): Prediction[];
  /**
   * The prediction for one record.
   *
   * @param record an object with the input columns
   * @param options the threshold
   * @returns the prediction
   * @throws TypeError or RangeError as for several records
   */
  predict(record: object, options?: PredictOptions): Prediction;
  predict(
    data: Table | readonly object[] | object,
    options: PredictOptions = {},
    none?: undefined,
  ): Prediction | Prediction[] {
    checkNoMore('predict', 3, none);
    checkObject('options', options, PREDICT_KEYS);
    if (data instanceof Table || Array.isArray(data)) return this.#predict(data, options);
    checkIsObject('data', data, `a Table, an array of objects or one object${wayToTable(data)}`);
    return this.#predict([data], options)[0];
  }

  #predict(data: Table | readonly object[], options: PredictOptions): Prediction[] {
    const rows = data instanceof Table ? data.rows : data.length;
    if (rows === 0) return [];
    const inputs = this.encoder.encodeInputs(data);
    if (this.task !== 'numbers') return this.#classify(inputs, options);
    if (options.threshold !== undefined) {
      throw outOfRange('options.threshold', 'one for a model that learns numbers', 'none');
    }
    return this.encoder.decode(this.#numbers(inputs), rows).map((value) => ({ value }));
  }

  /** The outputs in the units of the targets, in doubles: 32 bits would round time stamps to minutes. */
  #numbers(inputs: EncodedData['inputs']): Float64Array {
    const { network } = this;
    const outputs = Float64Array.from(network.activations(inputs, network.layers.length - 1));
    const scale = network.getTargetStandardization();
    if (scale && !toTargetUnits(outputs, scale)) throw new OutputsError('data', outputs, network.outputs);
    return outputs;
  }

  #classify(inputs: EncodedData['inputs'], options: PredictOptions): Prediction[] {
    const names = this.classes as readonly string[];
    const own = new Map(this.network.classes?.map((name, k) => [name, k]));
    // the network may have no names, or others that were assigned to it
    const nameOf = (label: Label) => names[typeof label === 'string' ? (own.get(label) as number) : label];
    const isBoolean = this.task === 'classes' && this.encoder.kinds[this.targets[0]] === 'boolean';
    const classified = this.network.classify<Label | Label[]>(inputs, { ...options, probabilities: true });
    return classified.map(({ label, probabilities }) => {
      const byName: Record<string, number> = {};
      for (const [k, name] of names.entries()) setOwn(byName, name, probabilities[k]);
      if (Array.isArray(label)) return { value: valuesOf(names, label.map(nameOf)), probabilities: byName };
      const name = nameOf(label);
      return { value: isBoolean ? name === 'true' : name, probabilities: byName };
    });
  }

  /**
   * The cost and the metrics of the model's task on rows with targets, such as accuracy and confusion for classes, and
   * errors and R² for numbers, in the units of the table.
   *
   * @param data the rows, with their targets
   * @param options those of `Network.evaluate`
   * @returns the cost and the metrics
   * @throws TypeError or RangeError for wrong rows and options; all errors of `Network.evaluate`
   */
  async evaluate(
    data: Table | readonly object[],
    options: EvaluateOptions = {},
    none?: undefined,
  ): Promise<TableEvaluation> {
    checkNoMore('evaluate', 3, none);
    return await this.#evaluate(data, options).catch(advise);
  }

  async #evaluate(data: Table | readonly object[], options: EvaluateOptions): Promise<TableEvaluation> {
    const { encoder, targets, classes } = this;
    const evaluation = await this.network.evaluate(encoder.encode(like('data', encoder, data)), options);
    // the network has no names that are empty or very long
    return { ...evaluation, targets, ...(classes && { classes }) } as TableEvaluation;
  }

  /**
   * Permutation importance (Breiman, 2001): how much a metric worsens if the values of a column are shuffled among the
   * rows, for each input column, the largest first. The rows need targets; best are rows that the model was not trained
   * on. Columns that say the same share their importance, because the model can do without either. Equal calls have
   * equal results.
   *
   * @param data the rows, with their targets
   * @param options the metric, and how often columns are shuffled
   * @returns a row for each input column, the most important first
   * @throws TypeError or RangeError for wrong rows and options; the reason of the signal if it is aborted
   *
   * @example
   * import { TableModel } from 'simdprop/tabular';
   *
   * const rows = Array.from({ length: 60 }, (_, i) => ({ mass: i, day: i % 7, size: i < 30 ? 'small' : 'large' }));
   * const model = await TableModel.fit(rows, { target: 'size', epochs: 50 });
   * const [first] = await model.importance(rows);
   * console.log(first.column); // mass
   */
  async importance(
    data: Table | readonly object[],
    options: ImportanceOptions = {},
    none?: undefined,
  ): Promise<ColumnImportance[]> {
    checkNoMore('importance', 3, none);
    return await this.#importance(data, options).catch(advise);
  }

  async #importance(data: Table | readonly object[], options: ImportanceOptions): Promise<ColumnImportance[]> {
    const encoded = this.encoder.encode(like('data', this.encoder, data));
    const { permutationImportance } = await import('./importance.js');
    return await permutationImportance(this.network, this.encoder, encoded, options);
  }

  /**
   * The model as one file: that of its network, with the encoder. `Network.load` reads it too.
   *
   * @param options those of `Network.save`
   * @returns the bytes of the file
   * @throws TypeError or RangeError for wrong options; RangeError if a weight is not finite, or if the network has been
   *   given other names or another task than the encoder has
   */
  async save(options: SaveOptions = {}, none?: undefined): Promise<SavedBytes> {
    checkNoMore('save', 2, none);
    checkFits('save', this.network, this.encoder);
    const file = await this.network.save(options);
    return await (await import('./model-file.js')).withEncoder(file, this.encoder);
  }

  /**
   * A line about the model, which console.log shows too.
   *
   * @returns a text such as `TableModel of "species" from 6 columns: Network 9-64-32-3 relu, ...`
   */
  toString(): string {
    const targets = this.targets.map((name) => quote(name)).join(', ');
    return `TableModel of ${targets} from ${counted(this.columns.length, 'column')}: ${this.network}`;
  }

  /**
   * The line of `toString`: JSON cannot hold a model. `save` writes one.
   *
   * @returns the line
   */
  toJSON(): string {
    return String(this);
  }

  /** @internal */
  [INSPECT](): string {
    return String(this);
  }

  /** Gives the memory of the network back. Every later call throws. */
  dispose(): void {
    this.network.dispose();
  }

  /** @internal Disposer declares it, if TypeScript knows Symbol.dispose. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** A model that `fit` has made: its history is there. */
export type FittedTableModel = TableModel & { readonly history: History };

function classesOf({ task, classes, targets }: Encoder): readonly string[] | undefined {
  return task === 'labels' ? targets : classes;
}

/** An answer for each column: true for those among `present`. */
function valuesOf(names: readonly string[], present: readonly string[]): Record<string, boolean> {
  const values: Record<string, boolean> = {};
  const found = new Set(present);
  for (const name of names) setOwn(values, name, found.has(name));
  return values;
}

/** Refuses a network that does not go with its encoder: it has been changed, or its file has been forged. */
function checkFits(where: string, network: Network, encoder: Encoder): void {
  const classes = classesOf(encoder);
  const outputs = classes?.length ?? encoder.targets.length;
  if (encoder.width !== network.inputs || outputs !== network.outputs || encoder.task !== network.task) {
    const got = `an encoder of ${counted(encoder.width, 'input')} and ${counted(outputs, 'output')} (${encoder.task})`;
    throw outOfRange(
      where,
      got,
      `${counted(network.inputs, 'input')} and ${counted(network.outputs, 'output')} (${network.task})`,
    );
  }
  for (const [key, own] of [['classes', classes] as const, ['columns', encoder.inputs] as const]) {
    const names = network[key];
    const other = names?.findIndex((name, i) => name !== own?.[i]) ?? -1;
    if (!names || !own || other < 0) continue;
    const wanted = `${quote(own[other])}, as in the model's encoder`;
    throw outOfRange(`${where}: network.${key}[${other}]`, quote(names[other]), wanted);
  }
}
