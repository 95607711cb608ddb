import { nice, tickStep, ticks } from 'd3-array';
import { format, precisionFixed, precisionRound } from 'd3-format';
import { element, text } from './markup.js';
import { short } from './numbers.js';
import { MARGIN, type Picture } from './picture.js';
import { LINE_HEIGHT, TEXT_SIZE, widthOf } from './text-width.js';

// Axes with ticks at round numbers, chosen by d3-array. d3-scale would bring 8 KB of colours and dates along.

/** One axis: numbers become pixels. */
export interface Axis {
  readonly label: string;
  /** The pixel of a number, after `setRange`. */
  at(value: number): number;
  setRange(from: number, to: number): void;
  /** About `count` round numbers, with their texts. */
  ticks(count: number): readonly Tick[];
}

interface Tick {
  readonly value: number;
  readonly text: string;
}

/** The area in which a chart draws its lines. */
export interface PlotArea {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** An axis from `from` to `to`, extended to round numbers unless `isExact`. `isWhole`: only whole numbers are ticks. */
export function linearAxis(
  label: string,
  from: number,
  to: number,
  { isExact = false, isWhole = false }: { isExact?: boolean; isWhole?: boolean } = {},
): Axis {
  const around = from === to ? (isWhole ? 0.5 : Math.abs(from) / 2 || 1) : 0;
  const ends = [from - around, to + around] as const;
  const [first, last] = isExact ? ends : nice(...ends, 5);
  return {
    label,
    ...scaleOf((value) => (value - first) / (last - first)),
    ticks: (count) => {
      const step = tickStep(first, last, count);
      const format = formatOf(first, last, isWhole ? Math.max(1, step) : step);
      const values = ticks(first, last, count).filter((value) => !isWhole || Number.isInteger(value));
      return values.map((value) => ({ value, text: format(value) }));
    },
  };
}

/** The texts of numbers from `first` to `last` in steps of `step`, with as many digits as they need. */
function formatOf(first: number, last: number, step: number): (value: number) => string {
  const largest = Math.max(Math.abs(first), Math.abs(last));
  if (largest < 1e6 && largest >= 1e-3) return format(`,.${precisionFixed(step)}f`);
  const long = format(`.${Math.max(0, precisionRound(step, largest) - 1)}~e`);
  return (value) => (value === 0 ? '0' : long(value).replace('e+', 'e'));
}

/** A logarithmic axis between two powers of ten. `from` and `to` are positive. */
export function logAxis(label: string, from: number, to: number): Axis {
  const first = Math.floor(Math.log10(from));
  const last = Math.max(first + 1, Math.ceil(Math.log10(to)));
  const decades = last - first;
  return {
    label,
    ...scaleOf((value) => (Math.log10(value) - first) / decades),
    ticks: (count) => {
      const digits = 3 * decades <= count ? [1, 2, 5] : [1];
      const step = Math.ceil(decades / count);
      const powers = Array.from({ length: Math.floor(decades / step) + 1 }, (_, i) => first + i * step);
      const values = powers.flatMap((power) => digits.map((digit) => Number(`${digit}e${power}`)));
      return values.filter((value) => value <= Number(`1e${last}`)).map((value) => ({ value, text: short(value) }));
    },
  };
}

/** `share`: where a number stands between the two ends of the axis, from 0 to 1. */
function scaleOf(share: (value: number) => number): Pick<Axis, 'at' | 'setRange'> {
  let range: readonly [number, number] = [0, 1];
  return {
    at: (value) => range[0] + share(value) * (range[1] - range[0]),
    setRange: (from, to) => {
      range = [from, to];
    },
  };
}

/** Draws the axes and the grid below what has been drawn. Returns the area between them. */
export function drawAxes(picture: Picture, x: Axis, y: Axis, height: number): PlotArea {
  const { theme } = picture;
  const yTicks = y.ticks(Math.max(2, Math.round(height / 44)));
  const left = MARGIN + Math.max(...yTicks.map((tick) => widthOf(tick.text))) + 6;
  picture.note(y.label);
  const top = picture.y + 8;
  const bottom = top + height;
  // half of the last number may reach beyond its tick on the right
  const right = picture.width - MARGIN - 8;
  x.setRange(left, right);
  y.setRange(bottom, top);
  const line = { 'stroke-width': 1, ...theme.stroke('grid') };
  for (const { value, text: number } of yTicks) {
    const at = y.at(value);
    picture.add(element('line', { x1: left, x2: right, y1: at, y2: at, ...line }));
    const place = { x: left - 6, y: at + TEXT_SIZE / 3, 'text-anchor': 'end', ...theme.fill('soft') };
    picture.add(element('text', place, text(number)));
  }
  for (const { value, text: number } of ticksThatFit(x, right - left)) {
    const at = x.at(value);
    picture.add(element('line', { x1: at, x2: at, y1: bottom, y2: bottom + 4, ...line }));
    const place = { x: at, y: bottom + TEXT_SIZE + 6, 'text-anchor': 'middle', ...theme.fill('soft') };
    picture.add(element('text', place, text(number)));
  }
  picture.y = bottom + TEXT_SIZE + 10;
  const place = { x: (left + right) / 2, y: picture.y + TEXT_SIZE, 'text-anchor': 'middle', ...theme.fill('soft') };
  picture.add(element('text', place, text(x.label)));
  picture.y += LINE_HEIGHT + 4;
  return { left, right, top, bottom };
}

/** As many ticks of an axis as fit side by side. */
function ticksThatFit(x: Axis, width: number): readonly Tick[] {
  for (let count = Math.max(2, Math.floor(width / 45)); count > 1; count--) {
    const ticks = x.ticks(count);
    const fits = ticks.every((tick, i) => {
      if (i === 0) return true;
      const room = x.at(tick.value) - x.at(ticks[i - 1].value) - 10;
      return room >= (widthOf(tick.text) + widthOf(ticks[i - 1].text)) / 2;
    });
    if (fits) return ticks;
  }
  return x.ticks(1);
}
