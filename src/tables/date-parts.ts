import { cosPi } from '../spec/exact-math.js';

/** What a date is turned into. */
export type DatePart = 'elapsed' | 'year' | 'month' | 'day' | 'weekday' | 'hour';

export const DATE_PARTS: readonly DatePart[] = ['elapsed', 'year', 'month', 'day', 'weekday', 'hour'];

const DAY = 86_400_000;

/** True for a part that comes round again: it is a place on a circle, and makes two inputs, a sine and a cosine. */
export const isCyclic = (part: DatePart): boolean => part !== 'elapsed' && part !== 'year';

/**
 * The part of a date. A number for the time since 1970 in days and for the year; for all others the share of the circle,
 * from 0 to below 1: the month of the year (0: January), the day of its month, the day of the week (0: Monday), the
 * time of the day.
 */
export function datePart(part: DatePart, time: number): number {
  const date = new Date(time);
  if (part === 'elapsed') return time / DAY;
  if (part === 'year') return date.getUTCFullYear();
  if (part === 'month') return date.getUTCMonth() / 12;
  if (part === 'day') return (date.getUTCDate() - 1) / daysOfMonth(date);
  if (part === 'weekday') return ((date.getUTCDay() + 6) % 7) / 7;
  return (time - Math.floor(time / DAY) * DAY) / DAY;
}

function daysOfMonth(date: Date): number {
  const last = new Date(0);
  last.setUTCFullYear(date.getUTCFullYear(), date.getUTCMonth() + 1, 0);
  return last.getUTCDate();
}

/** cos(2πx) for x from 0 to 1, with the same bits on every engine. */
export const cosine = (x: number): number => cosPi(x <= 0.5 ? 2 * x : 2 - 2 * x);

/** sin(2πx) for x from 0 to 1. */
export const sine = (x: number): number => cosine(x < 0.25 ? x + 0.75 : x - 0.25);

/**
 * The parts that say something about these dates: the time elapsed; the month, the day and the time of the day if they
 * differ between dates; the day of the week if the day does.
 */
export function informativeParts(times: Float64Array): DatePart[] {
  const first = times.find((time) => !Number.isNaN(time)) as number;
  const differs = (part: DatePart) => {
    const value = datePart(part, first);
    return times.some((time) => !Number.isNaN(time) && datePart(part, time) !== value);
  };
  const isDaily = differs('day');
  const says: Record<DatePart, () => boolean> = {
    elapsed: () => true,
    year: () => false,
    month: () => differs('month'),
    day: () => isDaily,
    weekday: () => isDaily,
    hour: () => differs('hour'),
  };
  return DATE_PARTS.filter((part) => says[part]());
}
