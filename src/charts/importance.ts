import { awaited, checkInteger, checkIsObject, checkNoMore, counted, outOfRange, wrongType } from '../check/errors.js';
import { linearAxis } from './axes.js';
import { element, text, visible } from './markup.js';
import { metricLabel } from './metric-label.js';
import { short } from './numbers.js';
import { CHART_KEYS, type ChartOptions, MARGIN, Picture } from './picture.js';
import { shorten, TEXT_SIZE, widthOf } from './text-width.js';

// How much a model needs each column.

/** The importance of a column, as `model.importance` returns it. */
export interface ImportanceOf {
  /** The name of the column. */
  readonly column: string;
  /** How much a metric worsens when the values of the column are shuffled. */
  readonly importance: number;
  /**
   * The standard deviation of `importance` over repeated measurements.
   * @defaultValue none is drawn
   */
  readonly deviation?: number | undefined;
}

/** Options of `importance`. */
export interface ImportanceOptions extends ChartOptions {
  /**
   * The metric that was measured, such as `'accuracy'`.
   * @defaultValue the chart does not name one
   */
  metric?: string | undefined;
  /**
   * How many columns are drawn at most, from 1 to 200: those of the largest importance.
   * @defaultValue `20`
   */
  most?: number | undefined;
}

const KEYS = [...CHART_KEYS, 'metric', 'most'] satisfies readonly (keyof ImportanceOptions)[];

const ROW = 22;
const BAR = 12;
/** The largest part of the width that the names of columns take. */
const NAMES_SHARE = 0.36;

/**
 * The importance of columns as SVG text: a bar for each column, the largest first, with its deviation. Works without a
 * page.
 *
 * @param columns the columns, in any order: what `importance` of a `TableModel` returns
 * @param options names, size and colours
 * @returns the text of an SVG picture; names in it are escaped
 * @throws TypeError or RangeError for values or options that cannot be drawn
 *
 * @example
 * import { importance } from 'simdprop/charts';
 *
 * const columns = [{ column: 'mass', importance: 0.31, deviation: 0.02 }, { column: 'island', importance: 0.12 }];
 * console.log(importance(columns, { metric: 'accuracy' }).includes('mass')); // true
 */
export function importance(
  columns: readonly ImportanceOf[],
  options: ImportanceOptions = {},
  none?: undefined,
): string {
  checkNoMore('importance', 3, none);
  const { metric, most = 20 } = options;
  const picture = new Picture(options, KEYS, 'Importance of columns');
  if (metric !== undefined && typeof metric !== 'string') {
    throw wrongType('options.metric', metric, 'the name of a metric');
  }
  checkInteger('options.most', most, 1, 200);
  checkColumns(columns);
  const sorted = [...columns].sort((a, b) => b.importance - a.importance);
  const shown = sorted.slice(0, most);
  const what = metric === undefined ? 'How much worse the result is' : `How much worse the ${metricLabel(metric)} is`;
  picture.note(`${what} without the information of the column.`);
  picture.y += 4;
  draw(picture, shown);
  if (sorted.length > shown.length) picture.note(`and ${sorted.length - shown.length} more columns`);
  const first = shown.slice(0, 3).map((item) => `${item.column} ${short(item.importance)}`);
  return picture.finish(`${counted(columns.length, 'column')}, the most important: ${first.join(', ')}`);
}

function checkColumns(columns: unknown): void {
  if (!Array.isArray(columns)) {
    const way = awaited(columns, 'importance').replace('()', '(rows)');
    throw wrongType('columns', columns, `an array of { column, importance }${way}`);
  }
  if (columns.length === 0) throw outOfRange('columns', 'none', 'one column or more');
  for (const [i, item] of (columns as readonly ImportanceOf[]).entries()) {
    checkIsObject(`columns[${i}]`, item, '{ column, importance }');
    if (typeof item.column !== 'string') throw wrongType(`columns[${i}].column`, item.column, 'a name');
    for (const key of ['importance', 'deviation'] as const) {
      const value = item[key];
      if (key === 'deviation' && value === undefined) continue;
      if (!Number.isFinite(value)) throw wrongType(`columns[${i}].${key}`, value, 'a finite number');
    }
  }
}

function draw(picture: Picture, columns: readonly ImportanceOf[]): void {
  const { theme } = picture;
  const names = columns.map(({ column }) => visible(column));
  const numbers = columns.map((item) => short(item.importance));
  const namesWidth = Math.min(NAMES_SHARE * picture.width, Math.max(...names.map((name) => widthOf(name))));
  const left = MARGIN + namesWidth + 8;
  const right = picture.width - MARGIN - Math.max(...numbers.map((number) => widthOf(number))) - 8;
  const ends = columns.flatMap(({ importance, deviation = 0 }) => [importance - deviation, importance + deviation]);
  const x = linearAxis('', Math.min(0, ...ends), Math.max(0, ...ends), { isExact: true });
  x.setRange(left, right);
  const zero = x.at(0);
  const bottom = picture.y + columns.length * ROW;
  for (const [i, { column, importance, deviation }] of columns.entries()) {
    const middle = picture.y + ROW / 2;
    const baseline = middle + TEXT_SIZE / 3;
    const end = x.at(importance);
    const bar = { x: Math.min(zero, end), y: middle - BAR / 2, width: Math.abs(end - zero), height: BAR, rx: 1.5 };
    const name = { x: left - 8, y: baseline, 'text-anchor': 'end', ...theme.fill('ink') };
    const number = { x: picture.width - MARGIN, y: baseline, 'text-anchor': 'end', ...theme.fill('soft') };
    const tooltip = `${column}: ${short(importance)}${deviation === undefined ? '' : ` ± ${short(deviation)}`}`;
    picture.add(
      element('text', name, text(shorten(names[i], namesWidth))),
      element('rect', { ...bar, ...theme.fill('curve-1') }, element('title', {}, text(tooltip))),
      element('text', number, text(numbers[i])),
    );
    if (deviation) {
      const [low, high] = [x.at(importance - deviation), x.at(importance + deviation)];
      const ticks = [low, high].map((at) => `M${at.toFixed(1)} ${middle - 3}v6`).join('');
      const d = `M${low.toFixed(1)} ${middle}H${high.toFixed(1)}${ticks}`;
      picture.add(element('path', { d, fill: 'none', ...theme.stroke('ink') }));
    }
    picture.y += ROW;
  }
  picture.add(
    element('line', { x1: zero, x2: zero, y1: bottom - columns.length * ROW, y2: bottom, ...theme.stroke('soft') }),
  );
  picture.y += 4;
}
