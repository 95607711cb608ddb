import { line } from 'd3-shape';
import { checkIsObject, checkName, checkNoMore, outOfRange, quote, wrongType } from '../check/errors.js';
import { type Axis, drawAxes, linearAxis, logAxis } from './axes.js';
import { drawLegend } from './legend.js';
import { element } from './markup.js';
import { metricLabel } from './metric-label.js';
import { short } from './numbers.js';
import { CHART_KEYS, type ChartOptions, Picture } from './picture.js';

// How the cost, or another metric, changed during training.

/** What a learning curve needs of the report on an epoch. `fit`, `fitStream` and `train` report more. */
export interface LearningReport {
  /** The number of the epoch. */
  readonly epoch: number;
  /** The cost of the training data. */
  readonly cost: number;
  /**
   * `'standardized'` if the cost is that of standardised targets, which the picture then says.
   * @defaultValue none: the cost is that of the targets as they are
   */
  readonly costUnits?: string | undefined;
  /**
   * The metrics of the validation data, by their names.
   * @defaultValue none: only the cost of the training data is drawn
   */
  readonly validation?: object | undefined;
}

/** Options of `learningCurve`. */
export interface LearningCurveOptions extends ChartOptions {
  /**
   * The metric to draw, such as `'accuracy'`. All metrics but the cost are those of the validation data.
   * @defaultValue `'cost'`
   */
  metric?: string | undefined;
  /**
   * `'log'`: equal factors are equal distances. `'auto'`: `'log'` if all values are positive and the largest is at
   * least 100 times the smallest, otherwise `'linear'`.
   * @defaultValue `'auto'`
   */
  scale?: 'auto' | 'linear' | 'log' | undefined;
  /**
   * The unit of the metric, such as `'kg'`. It stands behind the metric's name.
   * @defaultValue none
   */
  unit?: string | undefined;
}

const KEYS = [...CHART_KEYS, 'metric', 'scale', 'unit'] satisfies readonly (keyof LearningCurveOptions)[];
const SCALES = ['auto', 'linear', 'log'] as const;

/** With this ratio of the largest and the smallest value, the axis is logarithmic. */
const LOG_RATIO = 100;

interface Series {
  readonly name: string;
  /** [epoch, value], all finite. */
  readonly points: readonly (readonly [number, number])[];
  /** The points with gaps where a value is not finite. */
  readonly all: readonly (readonly [number, number])[];
}

/**
 * A learning curve as SVG text: the cost of the training data, and that of the validation data if there are any, by
 * epoch. Works without a page. Of very long trainings, the least and the largest value of each pixel are drawn.
 *
 * @param reports the History that `fit` returns, its JSON, or any reports on epochs in their order
 * @param options the metric, names, size and colours
 * @returns the text of an SVG picture; names in it are escaped
 * @throws TypeError or RangeError for reports or options that cannot be drawn
 *
 * @example
 * import { learningCurve } from 'simdprop/charts';
 *
 * const reports = [{ epoch: 0, cost: 0.9 }, { epoch: 1, cost: 0.4 }, { epoch: 2, cost: 0.2 }];
 * console.log(learningCurve(reports, { width: 320 }).startsWith('<svg')); // true
 */
export function learningCurve(
  reports: Iterable<LearningReport>,
  options: LearningCurveOptions = {},
  none?: undefined,
): string {
  checkNoMore('learningCurve', 3, none);
  const { metric = 'cost', scale: scaleName = 'auto', unit = '' } = options;
  const picture = new Picture(options, KEYS, 'Learning curve');
  checkName('options.scale', scaleName, SCALES);
  if (typeof metric !== 'string') throw wrongType('options.metric', metric, 'the name of a metric');
  if (typeof unit !== 'string') throw wrongType('options.unit', unit, 'a text');
  const given = listOf(reports);
  const series = seriesOf(given, metric);
  const epochs = series.flatMap(({ points }) => points.map(([epoch]) => epoch));
  const isStandardized = metric === 'cost' && given.some(({ costUnits }) => costUnits === 'standardized');
  const unitShown = unit || (isStandardized ? 'standardised targets' : '');
  const y = valueAxis(metricLabel(metric) + (unitShown && ` (${unitShown})`), series, scaleName);
  const x = linearAxis('epoch', least(epochs), largest(epochs), { isExact: true, isWhole: true });

  if (series.length > 1 || metric !== 'cost') drawLegend(picture, series);
  const area = drawAxes(picture, x, y, Math.round(Math.min(320, picture.width * 0.5)));
  for (const [i, { all }] of series.entries()) {
    const shape = line<readonly [number, number]>()
      .defined(([, value]) => Number.isFinite(value))
      .x(([epoch]) => x.at(epoch))
      .y(([, value]) => y.at(value))
      .digits(1);
    picture.add(element('path', { d: shape(thin(all, area.right - area.left)) ?? '', ...picture.theme.curve(i) }));
  }
  const watched = series.length - 1;
  const [epoch, value] = bestOf(series[watched].points, metric);
  const dot = { cx: x.at(epoch), cy: y.at(value), r: 4, ...picture.theme.fill(`curve-${watched + 1}`) };
  picture.add(element('circle', dot));
  const word = isLower(metric) ? 'lowest' : 'highest';
  const sentence = `${word} ${series[watched].name} ${metricLabel(metric)}: ${short(value)} in epoch ${epoch}`;
  picture.note(sentence);
  const ends = series.map(({ name, points }) => `${name} ${short(points[points.length - 1][1])}`);
  return picture.finish(`${metricLabel(metric)} after epoch ${largest(epochs)}: ${ends.join(', ')}; ${sentence}`);
}

function listOf(reports: Iterable<LearningReport>): readonly LearningReport[] {
  if (typeof reports !== 'object' || reports === null || !(Symbol.iterator in reports)) {
    throw wrongType('reports', reports, 'the History that fit returns, or an array of reports on epochs');
  }
  const list = Array.from(reports);
  if (list.length === 0) throw outOfRange('reports', 'none', 'one report or more');
  for (const [i, report] of list.entries()) checkIsObject(`reports[${i}]`, report, 'a report on an epoch');
  return list;
}

function seriesOf(reports: readonly LearningReport[], metric: string): readonly Series[] {
  const training: [number, number][] = [];
  const validation: [number, number][] = [];
  for (const [i, { epoch, cost, validation: held }] of reports.entries()) {
    if (typeof epoch !== 'number' || !Number.isFinite(epoch)) {
      throw wrongType(`reports[${i}].epoch`, epoch, 'a finite number');
    }
    // JSON has null in place of NaN
    if (metric === 'cost') training.push([epoch, cost ?? Number.NaN]);
    const value: unknown = held && Object.hasOwn(held, metric) ? held[metric as keyof typeof held] : undefined;
    validation.push([epoch, typeof value === 'number' ? value : Number.NaN]);
  }
  const series = [
    { name: 'training', all: training },
    { name: 'validation', all: validation },
  ].map(({ name, all }) => ({ name, all, points: all.filter(([, value]) => Number.isFinite(value)) }));
  const drawn = series.filter(({ points }) => points.length > 0);
  if (drawn.length > 0) return drawn;
  if (metric === 'cost') throw outOfRange('reports', 'no finite cost', 'one or more');
  const held = reports.find(({ validation }) => validation)?.validation ?? {};
  const known = Object.entries(held).flatMap(([name, value]) => (typeof value === 'number' ? [name] : []));
  const names = known.length > 0 ? `: ${known.join(', ')}` : '';
  throw outOfRange('options.metric', quote(metric), `a metric that the validation in the reports has${names}`);
}

function valueAxis(label: string, series: readonly Series[], name: (typeof SCALES)[number]): Axis {
  const values = series.flatMap(({ points }) => points.map(([, value]) => value));
  const [from, to] = [least(values), largest(values)];
  if (name === 'log' && from <= 0) throw outOfRange('options.scale', `"log" for the value ${from}`, '"linear"');
  const isLog = name === 'log' || (name === 'auto' && from > 0 && to >= LOG_RATIO * from);
  if (isLog) return logAxis(label, from, to);
  // the axis begins at 0 if the smallest value is below half of the largest
  return linearAxis(label, from > 0 && from < to / 2 ? 0 : from, to);
}

/**
 * At most four points for each pixel of the width: the first, the last, the least and the largest, so that the picture
 * is the same.
 */
function thin(points: Series['all'], pixels: number): Series['all'] {
  if (points.length <= 4 * pixels) return points;
  const size = points.length / pixels;
  const kept: (readonly [number, number])[] = [];
  for (let from = 0; from < points.length; from += size) {
    const part = points.slice(Math.floor(from), Math.floor(from + size));
    const finite = part.filter(([, value]) => Number.isFinite(value));
    const low = finite.reduce((a, b) => (b[1] < a[1] ? b : a), finite[0]);
    const high = finite.reduce((a, b) => (b[1] > a[1] ? b : a), finite[0]);
    const chosen = new Set([part[0], low, high, part[part.length - 1]]);
    kept.push(...part.filter((point) => chosen.has(point)));
  }
  return kept;
}

function bestOf(points: Series['points'], metric: string): readonly [number, number] {
  const isBetter = isLower(metric) ? (a: number, b: number) => a < b : (a: number, b: number) => a > b;
  return points.reduce((best, point) => (isBetter(point[1], best[1]) ? point : best));
}

/** True if a smaller value of the metric is better. */
const isLower = (metric: string): boolean => /cost|error|loss/i.test(metric);

const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b));
const largest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b));
