import { checkNoMore, outOfRange, quote } from '../check/errors.js';
import { notCloned } from '../check/not-cloned.js';
import { INSPECT } from '../model/describe.js';
import { type Evaluation, type MetricNumbers, metricsOf } from '../model/metrics.js';
import type { EpochReport } from './reports.js';

/** The evaluations of a report. */
const PARTS = ['training', 'validation'] as const;
type Part = (typeof PARTS)[number];

/** The metrics of an evaluation that are a single number. */
type EvaluationSummary = MetricNumbers & Pick<Evaluation, 'task' | 'samples' | 'costUnits'>;

/** A report on an epoch whose evaluations have only the metrics that are a single number. */
export interface EpochSummary extends Omit<EpochReport, Part> {
  /**
   * With `trainingMetrics`: the cost of the training data after the epoch, and the metrics that are a single number.
   */
  training?: EvaluationSummary | undefined;
  /** With validation data: their cost after the epoch, and the metrics that are a single number. */
  validation?: EvaluationSummary | undefined;
}

/** The numbers of a report that History keeps, in the order in which a report has them. */
const NUMBERS = [
  'epoch',
  'cost',
  'samples',
  'elapsedMs',
  'samplesPerSecond',
  'learningRate',
  'gradientLength',
  'secondsLeft',
  'bestEpoch',
] as const satisfies readonly (keyof EpochReport)[];

/** The name of a column of a History: a number of the reports, or a metric of one of their evaluations. */
export type HistoryColumn = (typeof NUMBERS)[number] | `${Part}.${keyof MetricNumbers}`;

/** The most rows, without the best and the last epoch. It is even, so that `#halve` leaves the next epoch a row. */
const MOST_ROWS = 9998;
/** Room for the first rows. It doubles when it is full. */
const FIRST_ROOM = 16;

/**
 * The result of `fit` and `fitStream`: the numbers of the training's epochs, in columns. Up to 9998 epochs, all are
 * kept. Of longer trainings, only every second epoch is kept, or every fourth and so on, and always the first, the best
 * and the last. The history of a training of any length therefore takes at most 2 MB.
 *
 * @example
 * import { Network } from 'simdprop';
 *
 * const net = await Network.create({ inputs: 1, layers: [{ units: 2 }, { units: 1 }], seed: 1 });
 * const history = await net.fit({ inputs: [[0], [1], [2]], targets: [[0], [1], [0]] }, { epochs: 100 });
 * console.log(history.length, history.last?.epoch); // 100 99
 * console.log(history.column('cost').length); // 100
 * for (const { epoch, cost } of history) if (epoch === 0) console.log(cost); // close to 0.7
 */
export class History implements Iterable<EpochSummary> {
  /** @internal */
  readonly notCloned = notCloned('a History: [...history] are its reports');
  #length = 0;
  #samples = 0;
  #elapsedMs = 0;
  #last: EpochReport | undefined;
  #best: EpochReport | undefined;
  readonly #warnings = new Set<string>();
  readonly #columns = new Map<HistoryColumn, Float64Array<ArrayBuffer>>();
  /** The fields that are the same in all evaluations of a part. */
  readonly #evaluated: { [Name in Part]?: Pick<Evaluation, 'task' | 'samples' | 'costUnits'> } = {};
  #room = FIRST_ROOM;
  #rows = 0;
  /** Epochs from one row to the next. */
  #stride = 1;

  /** @internal */
  add(report: EpochReport): void {
    if (this.#length % this.#stride === 0) this.#addRow(report);
    this.#length++;
    this.#samples += report.samples;
    this.#elapsedMs += report.elapsedMs;
    this.#last = report;
    if (this.#isBest(report)) this.#best = report;
    for (const warning of report.warnings ?? []) this.#warnings.add(warning);
  }

  /** The number of epochs that the call has trained, whether they are kept or not. */
  get length(): number {
    return this.#length;
  }

  /** Samples that the call has trained, each as often as it was used. */
  get samples(): number {
    return this.#samples;
  }

  /** Milliseconds that the call has spent on steps, without validation and callbacks. */
  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** The report on the last epoch; undefined if there was none to train. */
  get last(): EpochReport | undefined {
    return this.#last;
  }

  /**
   * The report on the epoch with the lowest validation cost, or training cost if there are no validation data. With
   * `earlyStopping`, the report on the epoch that early stopping counts as the best; undefined if that epoch came
   * before the call resumed.
   */
  get best(): EpochReport | undefined {
    return this.#best;
  }

  /** The reason why training has ended although epochs were left: see EpochReport. */
  get stopped(): EpochReport['stopped'] {
    return this.#last?.stopped;
  }

  /** Sentences about what is probably wrong with the training or its data; empty if nothing is. */
  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  /**
   * The report on one epoch of the call, counted from 0, or from the end if it is negative: `at(-1)` is the last.
   *
   * @param index the number of the epoch in the call, counted from 0, or from the end if it is negative
   * @returns the report; undefined if there is no such epoch, or if it is not kept
   * @throws nothing: a wrong index has no report
   */
  at(index: number, none?: undefined): EpochSummary | undefined {
    checkNoMore('at', 2, none);
    const position = index < 0 ? this.#length + index : index;
    const extra = this.#extras.find((report) => this.#positionOf(report) === position);
    if (extra) return extra;
    const row = position / this.#stride;
    return Number.isInteger(row) && row >= 0 && row < this.#rows ? this.#summaryOf(row) : undefined;
  }

  /** The reports on the epochs that are kept, in their order. */
  *[Symbol.iterator](): Iterator<EpochSummary> {
    const first = this.#first;
    for (const epoch of this.#length ? this.column('epoch') : []) yield this.at(epoch - first) as EpochSummary;
  }

  /**
   * One number of each epoch that is kept. All columns have the same epochs; `column('epoch')` has their numbers. NaN
   * stands for a number that a report does not have.
   *
   * @param name the name of the number, such as `'cost'` or `'validation.accuracy'`
   * @returns a new array with a number for each epoch that is kept; empty if there is no report
   * @throws RangeError if no report has this number
   */
  column(name: HistoryColumn, none?: undefined): Float64Array {
    checkNoMore('column', 2, none);
    const column = this.#columns.get(name);
    // a call that resumed after its last epoch has trained none
    if (this.#length === 0 && NUMBERS.some((number) => number === name)) return new Float64Array(0);
    if (!column) throw outOfRange('history.column', quote(name), `one of ${[...this.#columns.keys()].join(', ')}`);
    // the best and the last epoch may lie between two rows
    const between = this.#extras.filter((report) => this.#positionOf(report) % this.#stride !== 0);
    const values = new Float64Array(this.#rows + between.length);
    let copied = 0;
    between.forEach((report, i) => {
      const rows = Math.ceil(this.#positionOf(report) / this.#stride);
      values.set(column.subarray(copied, rows), copied + i);
      values[rows + i] = numberOf(report, name) ?? Number.NaN;
      copied = rows;
    });
    values.set(column.subarray(copied, this.#rows), copied + between.length);
    return values;
  }

  /**
   * The reports on the epochs that are kept, for JSON.stringify.
   *
   * @returns a new array
   */
  toJSON(): EpochSummary[] {
    return [...this];
  }

  /** The object that Node prints instead. */
  [INSPECT](): object {
    const { length, last, best, stopped, warnings } = this;
    return { length, last, best, ...(stopped && { stopped }), ...(warnings.length > 0 && { warnings }) };
  }

  /** The number of the first epoch of the call. */
  get #first(): number {
    return this.#last ? this.#last.epoch - this.#length + 1 : 0;
  }

  #positionOf({ epoch }: EpochReport): number {
    return epoch - this.#first;
  }

  /** The reports that are kept with all their fields, in order. */
  get #extras(): readonly EpochReport[] {
    const [best, last] = [this.#best, this.#last];
    return [...(best && best !== last ? [best] : []), ...(last ? [last] : [])];
  }

  #isBest(report: EpochReport): boolean {
    if (report.bestEpoch !== undefined) return report.bestEpoch === report.epoch;
    const best = this.#best;
    if (!best) return true;
    // an epoch that a callback has cut short has no validation, so it is not compared with one that has
    if (best.validation && !report.validation) return false;
    const cost = report.validation?.cost ?? report.cost;
    const least = best.validation?.cost ?? best.cost;
    return Number.isNaN(least) ? !Number.isNaN(cost) : cost < least;
  }

  #addRow(report: EpochReport): void {
    if (this.#rows === MOST_ROWS) this.#halve();
    if (this.#rows === this.#room) this.#grow();
    for (const name of NUMBERS) this.#setNumber(name, report[name]);
    for (const part of PARTS) {
      const evaluation = report[part];
      if (!evaluation) continue;
      const { task, samples, costUnits } = evaluation;
      for (const metric of metricsOf(task)) this.#setNumber(`${part}.${metric}`, evaluation[metric]);
      this.#evaluated[part] ??= { task, samples, ...(costUnits && { costUnits }) };
    }
    this.#rows++;
  }

  #setNumber(name: HistoryColumn, value: number | undefined): void {
    if (value !== undefined) this.#columnAt(name)[this.#rows] = value;
  }

  #columnAt(name: HistoryColumn): Float64Array {
    let column = this.#columns.get(name);
    if (!column) {
      column = new Float64Array(this.#room).fill(Number.NaN);
      this.#columns.set(name, column);
    }
    return column;
  }

  #grow(): void {
    this.#room = Math.min(2 * this.#room, MOST_ROWS);
    for (const [name, column] of this.#columns) {
      const larger = new Float64Array(this.#room).fill(Number.NaN);
      larger.set(column);
      this.#columns.set(name, larger);
    }
  }

  /** Keeps every second row. */
  #halve(): void {
    this.#stride *= 2;
    this.#rows /= 2;
    for (const column of this.#columns.values()) {
      for (let row = 1; row < this.#rows; row++) column[row] = column[2 * row];
      column.fill(Number.NaN, this.#rows);
    }
  }

  #summaryOf(row: number): EpochSummary {
    const summary: Record<string, unknown> = { epoch: undefined, epochs: this.#last?.epochs };
    const parts: Record<string, Record<string, unknown>> = {};
    for (const part of PARTS) if (this.#evaluated[part]) parts[part] = { ...this.#evaluated[part] };
    // a column is created with its first number, so the order must come from NUMBERS
    for (const name of new Set<HistoryColumn>([...NUMBERS, ...this.#columns.keys()])) {
      const value = this.#columns.get(name)?.[row] ?? Number.NaN;
      const [part, metric] = name.split('.');
      if (metric) parts[part][metric] = value;
      // a cost may be NaN; any other NaN stands for a number that was not in the report
      else summary[name] = name === 'cost' || !Number.isNaN(value) ? value : undefined;
    }
    // the same in all reports of a call
    const { costUnits } = this.#last ?? {};
    return { ...summary, ...(costUnits && { costUnits }), ...parts } as unknown as EpochSummary;
  }
}

function numberOf(report: EpochReport, name: HistoryColumn): number | undefined {
  const [part, metric] = name.split('.');
  if (!metric) return report[name as (typeof NUMBERS)[number]];
  return report[part as Part]?.[metric as keyof MetricNumbers];
}
