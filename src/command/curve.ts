import asciichart from 'asciichart';
import type { History } from '../index.js';
import { columnsOf, fold, hasColours, type Output, type Terminal } from './terminal.js';

// The learning curve in a terminal.

const HEIGHT = 8;
/** The axis takes this many columns. */
const AXIS = 12;
const WIDEST = 72;
/** With this ratio of the largest and the smallest cost, equal factors are equal distances. */
const LOG_RATIO = 100;

/** Lines that show the costs by epoch; empty for less than two epochs. */
export function curveLines(history: History, output: Output, env: Terminal['env']): string[] {
  const training = [...history.column('cost')];
  const held = history.last?.validation ? [...history.column('validation.cost')] : undefined;
  if (training.length < 2) return [];
  // without colours, two curves cannot be told apart
  const areColours = hasColours(output, env);
  const both = held ? (areColours ? [training, held] : [held]) : [training];
  const finite = both.flat().filter((cost) => Number.isFinite(cost));
  if (finite.length === 0) return [];
  const [least, most] = [finite.reduce((a, b) => Math.min(a, b)), finite.reduce((a, b) => Math.max(a, b))];
  const isLog = least > 0 && most >= LOG_RATIO * least;
  const width = Math.min(WIDEST, columnsOf(output) - AXIS - 2);
  const series = both.map((costs) => resample(costs, width).map((cost) => (isLog ? Math.log10(cost) : cost)));
  const chart = asciichart.plot(series, {
    height: HEIGHT,
    format: (value) => (isLog ? 10 ** value : value).toPrecision(4).padStart(AXIS - 2),
    ...(areColours && { colors: [asciichart.blue, asciichart.yellow] }),
  });
  const names = held ? (areColours ? 'training and validation' : 'validation') : 'training';
  const units = history.last?.costUnits ? ' (standardised targets)' : '';
  const title = fold(`Cost of ${names} by epoch, 1 to ${history.length}${units}:`, columnsOf(output));
  return [...(held && areColours ? title.map(painted) : title), ...chart.split('\n')];
}

/** A line of the title, with the names of the curves in their colours. */
function painted(line: string): string {
  const paint = (name: string, colour: string) => `${colour}${name}\u001b[0m`;
  return line
    .replace('training', (name) => paint(name, asciichart.blue))
    .replace('validation', (name) => paint(name, asciichart.yellow));
}

/** The curve of `values` with `count` numbers: means of neighbours, or numbers between neighbours. */
function resample(values: readonly number[], count: number): number[] {
  if (values.length <= count) {
    return Array.from({ length: count }, (_, i) => {
      const place = (i * (values.length - 1)) / (count - 1);
      const [below, above] = [values[Math.floor(place)], values[Math.ceil(place)]];
      return below + (above - below) * (place - Math.floor(place));
    });
  }
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [i, i + 1].map((part) => Math.floor((part * values.length) / count));
    return values.slice(from, to).reduce((sum, value) => sum + value, 0) / (to - from);
  });
}
