import { line } from 'd3-shape';
import { checkNoMore, counted, outOfRange, quote, wrongType } from '../check/errors.js';
import { drawAxes, linearAxis } from './axes.js';
import { drawLegend } from './legend.js';
import { element } from './markup.js';
import { short } from './numbers.js';
import { CHART_KEYS, type ChartOptions, checkClasses, Picture } from './picture.js';
import { type RocPoint, rocArea, rocPoints } from './roc-points.js';

// The rates of true and false positives for all thresholds.

/** Options of `rocCurve`. */
export interface RocCurveOptions extends ChartOptions {
  /**
   * The names of the classes; with them, targets may be names.
   * @defaultValue 0, 1, ..
   */
  classes?: readonly string[] | undefined;
}

const KEYS = [...CHART_KEYS, 'classes'] satisfies readonly (keyof RocCurveOptions)[];

const MOST_CLASSES = 20;

/**
 * ROC curves as SVG text: the share of the positive samples above a threshold, by the share of the negative samples
 * above it, for all thresholds, with the area below each curve. For one or two outputs there is one curve, that of
 * class 1; for more, each class has a curve against all other classes. Works without a page.
 *
 * @param outputs [samples × outputs], what `predict` returns
 * @param targets [samples], the class of each sample: its number from 0, or its name
 * @param options names, size and colours
 * @returns the text of an SVG picture; names in it are escaped
 * @throws TypeError or RangeError for outputs, targets or options that cannot be drawn
 *
 * @example
 * import { rocCurve } from 'simdprop/charts';
 *
 * // the area is 3/4: in three of four pairs, the sample of class 1 has the larger output
 * const svg = rocCurve([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]);
 * console.log(svg.includes('0.75')); // true
 */
export function rocCurve(
  outputs: ArrayLike<number>,
  targets: ArrayLike<number> | readonly string[],
  options: RocCurveOptions = {},
  none?: undefined,
): string {
  checkNoMore('rocCurve', 4, none);
  const picture = new Picture(options, KEYS, 'ROC curve');
  const scores = numbersOf(outputs);
  const width = outputsPerSample(scores, targets);
  const names = checkClasses('options.classes', options.classes, Math.max(2, width));
  const labels = labelsOf(targets, names, options.classes !== undefined);
  const nameOf = (k: number) => (options.classes ? names[k] : `class ${k}`);
  const classes = width > 2 ? names.map((_, k) => k) : [1];
  const curves = classes.flatMap((k) => {
    const own = width === 1 ? scores : scores.filter((_, i) => i % width === k);
    const points = rocPoints(own, (i) => labels[i] === k);
    return points ? [{ name: nameOf(k), points, area: rocArea(points) }] : [];
  });
  if (curves.length === 0) {
    throw outOfRange('targets', 'samples of one class alone', 'samples of two classes or more');
  }
  const items = curves.map(({ name, area }) => ({ name, suffix: `: ${short(area)}` }));
  picture.note('Area under the curve:');
  drawLegend(picture, items);
  draw(
    picture,
    curves.map(({ points }) => points),
  );
  const left = classes.length - curves.length;
  if (left > 0)
    picture.note(
      `${left} of ${counted(classes.length, 'class')} ${left === 1 ? 'has' : 'have'} no samples and no curve.`,
    );
  return picture.finish(`area under the curve: ${items.map(({ name, suffix }) => name + suffix).join(', ')}`);
}

function draw(picture: Picture, curves: readonly (readonly RocPoint[])[]): void {
  const x = linearAxis('false positive rate', 0, 1);
  const y = linearAxis('true positive rate', 0, 1);
  const area = drawAxes(picture, x, y, Math.round(Math.min(400, picture.width * 0.75)));
  const chance = { x1: area.left, y1: area.bottom, x2: area.right, y2: area.top, 'stroke-dasharray': '4 4' };
  picture.add(element('line', { ...chance, ...picture.theme.stroke('soft') }));
  for (const [i, points] of curves.entries()) {
    const pixels = points.map(([falseRate, trueRate]) => [x.at(falseRate), y.at(trueRate)] as const);
    picture.add(element('path', { d: line().digits(1)(thin(pixels)) ?? '', ...picture.theme.curve(i) }));
  }
}

/** The points without those that are less than half a pixel from the last one that is kept. */
function thin(points: readonly (readonly [number, number])[]): [number, number][] {
  const kept: [number, number][] = [];
  for (const [i, [x, y]] of points.entries()) {
    const last = kept[kept.length - 1];
    if (!last || i === points.length - 1 || Math.hypot(x - last[0], y - last[1]) >= 0.5) kept.push([x, y]);
  }
  return kept;
}

function numbersOf(outputs: ArrayLike<number>): Float64Array {
  if (typeof outputs !== 'object' || outputs === null || typeof outputs.length !== 'number') {
    throw wrongType('outputs', outputs, 'the outputs that predict returns');
  }
  return Float64Array.from(outputs, (value: unknown, i) => {
    if (typeof value !== 'number') {
      throw wrongType(`outputs[${i}]`, value, `a number${Array.isArray(value) ? ': rows.flat()' : ''}`);
    }
    if (Number.isNaN(value)) throw outOfRange(`outputs[${i}]`, value, 'a number');
    return value;
  });
}

function outputsPerSample(scores: Float64Array, targets: ArrayLike<unknown>): number {
  if (typeof targets !== 'object' || targets === null || typeof targets.length !== 'number') {
    throw wrongType('targets', targets, 'an array of the class of each sample');
  }
  const width = scores.length / targets.length;
  if (!Number.isInteger(width) || width === 0) {
    throw outOfRange(
      'outputs',
      `${counted(scores.length, 'number')} for ${counted(targets.length, 'target')}`,
      'the same number of outputs for each sample',
    );
  }
  if (width > MOST_CLASSES) {
    throw outOfRange(
      'outputs',
      counted(width, 'class'),
      `at most ${MOST_CLASSES}: the curves of more classes cannot be told apart`,
    );
  }
  return width;
}

/** The class of each sample by its number. */
function labelsOf(targets: ArrayLike<unknown>, names: readonly string[], areNames: boolean): number[] {
  return Array.from(targets, (target, i) => {
    const label = typeof target === 'string' && areNames ? names.indexOf(target) : target;
    if (Number.isInteger(label) && (label as number) >= 0 && (label as number) < names.length) return label as number;
    const got = typeof target === 'string' ? quote(target) : target;
    const wanted = areNames
      ? `one of the ${counted(names.length, 'name')} of options.classes, or its number`
      : `a class from 0 to ${names.length - 1}`;
    throw outOfRange(`targets[${i}]`, got, wanted);
  });
}
