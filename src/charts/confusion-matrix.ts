import { checkName, checkNoMore, counted, orDefault, outOfRange, wrongType } from '../check/errors.js';
import { element, type Markup, text, visible } from './markup.js';
import { percent } from './numbers.js';
import { CHART_KEYS, type ChartOptions, checkClasses, DEFAULT_WIDTH, MARGIN, Picture } from './picture.js';
import { LINE_HEIGHT, shorten, TEXT_SIZE, widthOf } from './text-width.js';

// How often each class was predicted as each class.

/** What a confusion matrix needs of an evaluation. */
export interface ConfusionEvaluation {
  /**
   * [classes] rows of [classes] counts: a row for each true class, a column for each class predicted.
   * @defaultValue none; without a matrix there is no picture
   */
  readonly confusion?: readonly ArrayLike<number>[] | undefined;
  /**
   * The names of the classes [classes].
   * @defaultValue none: the classes have only their numbers
   */
  readonly classes?: readonly string[] | undefined;
}

/** Options of `confusionMatrix`. */
export interface ConfusionMatrixOptions extends ChartOptions {
  /**
   * The names of the classes.
   * @defaultValue those of the evaluation if it has them, otherwise 0, 1, ..
   */
  classes?: readonly string[] | undefined;
  /**
   * What stands in the cells: `'counts'`, or `'shares'`, the percentage of the true class.
   * @defaultValue counts, if they have room in the cells
   */
  cells?: 'counts' | 'shares' | undefined;
}

const KEYS = [...CHART_KEYS, 'classes', 'cells'] satisfies readonly (keyof ConfusionMatrixOptions)[];
const CELLS = ['counts', 'shares'] as const;

const MOST_CLASSES = 256;
/** The largest part of the width that names of classes take: less if the cells are many. */
const namesShare = (count: number): number => (count > 12 ? 0.2 : 0.3);
/** The most pixels that names take below the cells. */
const NAMES_HEIGHT = 120;
/**
 * For many classes, the default width grows up to this. In a page of 360 pixels, names are then still 9 pixels high.
 */
const GROWN_WIDTH = 480;
const CELL_HEIGHT = { least: 17, most: 44 };
/** Counts are replaced by shares if they would be smaller than `counts`; numbers smaller than `least` are left out. */
const CELL_TEXT = { counts: 9, least: 6 };
const LEAST_NAME = 9;

/** The matrix, checked, and the sums of its rows. */
interface Counts {
  readonly rows: readonly (readonly number[])[];
  readonly sums: readonly number[];
}

/**
 * A confusion matrix as SVG text: a row for each true class, a column for each class predicted. The deeper a cell's
 * colour, the larger its share of the true class. Works without a page. Every cell has its numbers as a tooltip.
 *
 * @param evaluation what `evaluate` returns for a network that learns classes, or its `confusion` alone
 * @param options names, size and colours
 * @returns the text of an SVG picture; names in it are escaped
 * @throws TypeError or RangeError for an evaluation or options that cannot be drawn
 *
 * @example
 * import { confusionMatrix } from 'simdprop/charts';
 *
 * const svg = confusionMatrix({ confusion: [[8, 2], [1, 4]] }, { classes: ['calm', 'storm'] });
 * console.log(svg.startsWith('<svg')); // true
 */
export function confusionMatrix(
  evaluation: ConfusionEvaluation | readonly ArrayLike<number>[],
  options: ConfusionMatrixOptions = {},
  none?: undefined,
): string {
  checkNoMore('confusionMatrix', 3, none);
  const counts = countsOf(evaluation);
  const count = counts.rows.length;
  if (options.cells !== undefined) checkName('options.cells', options.cells, CELLS);
  const given = orDefault(options.classes, (evaluation as ConfusionEvaluation).classes);
  const names = checkClasses('options.classes', given, count).map(visible);
  const widest = Math.max(...names.map((name) => widthOf(name)));
  const longest = String(Math.max(...counts.rows.flat())).length;
  const wanted =
    2 * MARGIN + Math.min(widest, 0.2 * GROWN_WIDTH) + 8 + count * Math.max(17, widthOf('0') * longest + 6);
  const width = Math.max(DEFAULT_WIDTH, Math.min(GROWN_WIDTH, Math.ceil(wanted)));
  const picture = new Picture(options, KEYS, 'Confusion matrix', width);

  const left = MARGIN + Math.min(widest, namesShare(count) * picture.width) + 8;
  const cell = (picture.width - MARGIN - left) / count;
  const height = Math.min(CELL_HEIGHT.most, Math.max(CELL_HEIGHT.least, cell));
  const cells = options.cells ?? (sizeOf('0'.repeat(longest), cell) >= CELL_TEXT.counts ? 'counts' : 'shares');
  // all numbers have the same size, except that 100 % may be smaller
  const size = sizeOf(cells === 'counts' ? '0'.repeat(longest) : '00', cell);
  const unit = cells === 'counts' ? 'samples' : '% of the true class';
  picture.note(`Rows: true class. Columns: predicted class. Numbers: ${unit}.`);
  picture.y += 6;

  const top = picture.y;
  const { theme } = picture;
  picture.add(drawGrid(picture, { left, top, cell, height, count }));
  for (const [row, name] of names.entries()) {
    const y = top + row * height;
    const label = shorten(name, left - MARGIN - 8);
    const place = { x: left - 8, y: y + height / 2 + TEXT_SIZE / 3, 'text-anchor': 'end', ...theme.fill('ink') };
    picture.add(element('text', place, text(label)));
    for (const [column, samples] of counts.rows[row].entries()) {
      if (samples === 0) continue;
      const share = samples / counts.sums[row];
      const x = left + column * cell;
      const shape = {
        x: x + 0.5,
        y: y + 0.5,
        width: cell - 1,
        height: height - 1,
        'fill-opacity': 0.16 + 0.84 * share,
      };
      const title = `true ${name}, predicted ${names[column]}: ${samples} (${percent(share)})`;
      const shown = cells === 'counts' ? String(samples) : String(Math.round(100 * share));
      picture.add(
        element(
          'g',
          {},
          element('title', {}, text(title)),
          element('rect', { ...shape, ...theme.fill(row === column ? 'right' : 'wrong') }),
          drawNumber(picture, shown, Math.min(size, sizeOf(shown, cell)), x + cell / 2, y + height / 2, share > 0.55),
        ),
      );
    }
  }
  picture.y = top + count * height + 6;
  drawColumnNames(picture, names, left, cell);
  const correct = counts.rows.reduce((sum, row, i) => sum + row[i], 0);
  const all = counts.sums.reduce((sum, samples) => sum + samples, 0);
  const accuracy = all > 0 ? ` (${percent(correct / all)})` : '';
  return picture.finish(
    `${counted(count, 'class')}, ${correct} of ${counted(all, 'sample')}${accuracy} predicted correctly`,
  );
}

function countsOf(evaluation: unknown): Counts {
  const wanted = 'the evaluation of a network that learns classes, or its confusion matrix';
  if (typeof evaluation !== 'object' || evaluation === null) throw wrongType('evaluation', evaluation, wanted);
  const { confusion, task } = evaluation as { confusion?: unknown; task?: unknown };
  const matrix = Array.isArray(evaluation) ? evaluation : confusion;
  if (!Array.isArray(matrix)) {
    if (task === 'classes')
      throw outOfRange('evaluation', 'no confusion matrix', 'at most 256 outputs, for which evaluate has one');
    if (task) throw outOfRange('evaluation', `one of a network that learns ${task}`, wanted);
    throw wrongType('evaluation', evaluation, wanted);
  }
  const where = 'evaluation.confusion';
  if (matrix.length === 0 || matrix.length > MOST_CLASSES) {
    throw outOfRange(where, counted(matrix.length, 'row'), `1 to ${MOST_CLASSES}`);
  }
  const rows = Array.from(matrix, (row, i) => {
    if (typeof row !== 'object' || row === null || row.length !== matrix.length) {
      throw outOfRange(
        `${where}[${i}]`,
        counted(Object(row).length, 'count'),
        `${matrix.length}, as many as there are rows`,
      );
    }
    return Array.from(row as ArrayLike<number>, (samples, j) => {
      if (!Number.isInteger(samples) || samples < 0) throw outOfRange(`${where}[${i}][${j}]`, samples, 'a count');
      return samples;
    });
  });
  return { rows, sums: rows.map((row) => row.reduce((sum, samples) => sum + samples, 0)) };
}

/** The size at which a number fits into a cell. */
function sizeOf(number: string, cell: number): number {
  return Math.min(TEXT_SIZE, (cell - 2) / widthOf(number, 1));
}

function drawNumber(
  { theme }: Picture,
  number: string,
  size: number,
  x: number,
  y: number,
  isOnColour: boolean,
): Markup {
  // the number is left out, but the colour and the tooltip are still there
  if (size < CELL_TEXT.least) return '' as Markup;
  const place = { x, y: y + size * 0.36, 'text-anchor': 'middle', 'font-size': size };
  return element('text', { ...place, ...theme.fill(isOnColour ? 'on' : 'ink') }, text(number));
}

interface Grid {
  readonly left: number;
  readonly top: number;
  readonly cell: number;
  readonly height: number;
  readonly count: number;
}

function drawGrid({ theme }: Picture, { left, top, cell, height, count }: Grid): Markup {
  const lines = Array.from({ length: count + 1 }, (_, i) => {
    const [x, y] = [left + i * cell, top + i * height].map((value) => Math.round(value * 100) / 100);
    return `M${left} ${y}h${count * cell}M${x} ${top}v${count * height}`;
  });
  return element('path', { d: lines.join(''), fill: 'none', ...theme.stroke('grid') });
}

/** The names below the cells: side by side if they have room, otherwise from the bottom to the top. */
function drawColumnNames(picture: Picture, names: readonly string[], left: number, cell: number): void {
  const { theme } = picture;
  const middle = (column: number) => left + (column + 0.5) * cell;
  const widest = Math.max(...names.map((name) => widthOf(name)));
  if (widest <= cell - 6) {
    for (const [column, name] of names.entries()) {
      const place = { x: middle(column), y: picture.y + TEXT_SIZE, 'text-anchor': 'middle', ...theme.fill('ink') };
      picture.add(element('text', place, text(name)));
    }
    picture.y += LINE_HEIGHT;
    return;
  }
  const height = Math.min(widest, NAMES_HEIGHT);
  const size = Math.max(LEAST_NAME, Math.min(TEXT_SIZE, cell / 1.2));
  // in narrow columns, not every name has room
  const step = Math.ceil((1.2 * size) / cell - 1e-9);
  for (let column = 0; column < names.length; column += step) {
    const [x, y] = [middle(column) + size / 3, picture.y + 2];
    const place = { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})rotate(-90)`, 'text-anchor': 'end' };
    const name = shorten(names[column], height, size);
    picture.add(element('text', { ...place, 'font-size': size, ...theme.fill('ink') }, text(name)));
  }
  picture.y += height + 4;
}
