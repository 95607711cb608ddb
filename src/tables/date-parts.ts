import { cosPi } from '../spec/exact-math.js';

/** The parts of a date that can be inputs. */
export type DatePart = 'elapsed' | 'year' | 'month' | 'day' | 'weekday' | 'hour';

export const DATE_PARTS: readonly DatePart[] = ['elapsed', 'year', 'month', 'day', 'weekday', 'hour'];

const DAY = 86_400_000;

/**
 * True for a part that repeats, such as the month. It is a place on a circle, and makes two inputs, a sine and a
 * cosine.
 */
export const isCyclic = (part: DatePart): boolean => part !== 'elapsed' && part !== 'year';

/** A day in the Gregorian calendar. */
export interface Day {
  year: number;
  /** From 0 to 11. */
  month: number;
  /** From 0. */
  day: number;
  /** The number of days of the month. */
  days: number;
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Writes the day that is `days` days after the beginning of 1970 to `found`. Years begin in March in this computation,
 * so the additional day of a leap year is the last day of a year (Hinnant, "chrono-compatible low-level date
 * algorithms").
 */
export function findDay(days: number, found: Day): void {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = (shifted - era * 146_097) | 0;
  const leaps = ((dayOfEra / 1460) | 0) - ((dayOfEra / 36_524) | 0) + ((dayOfEra / 146_096) | 0);
  const yearOfEra = ((dayOfEra - leaps) / 365) | 0;
  const dayOfYear = dayOfEra - 365 * yearOfEra - ((yearOfEra / 4) | 0) + ((yearOfEra / 100) | 0);
  const monthFromMarch = ((5 * dayOfYear + 2) / 153) | 0;
  const month = monthFromMarch < 10 ? monthFromMarch + 2 : monthFromMarch - 10;
  const year = yearOfEra + era * 400 + (month < 2 ? 1 : 0);
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  found.year = year;
  found.month = month;
  found.day = dayOfYear - (((153 * monthFromMarch + 2) / 5) | 0);
  found.days = month === 1 && isLeap ? 29 : MONTH_DAYS[month];
}

/** The number of whole days from the beginning of 1970 to a time. */
export const daysTo = (time: number): number => Math.floor(time / DAY);

/** The day of the week, from 0 (Monday) to 6. 1970 began on a Thursday. */
export const weekdayOf = (days: number): number => days + 3 - 7 * Math.floor((days + 3) / 7);

/** The share of the day that has passed, from 0 to below 1. */
export const timeOfDay = (time: number): number => (time - daysTo(time) * DAY) / DAY;

/** The day that `findDay` writes to, so that no object is made for each date. */
const found: Day = { year: 0, month: 0, day: 0, days: 0 };

/**
 * A part of a date. The time since 1970 in days and the year are numbers. All other parts are a share of a circle, from
 * 0 to below 1: the month of the year (0: January), the day of its month, the day of the week (0: Monday), the time of
 * the day.
 */
export function datePart(part: DatePart, time: number): number {
  if (part === 'elapsed') return time / DAY;
  if (part === 'hour') return timeOfDay(time);
  if (part === 'weekday') return weekdayOf(daysTo(time)) / 7;
  findDay(daysTo(time), found);
  if (part === 'year') return found.year;
  return part === 'month' ? found.month / 12 : found.day / found.days;
}

/** cos(2πx) for x from 0 to 1, with the same bits on every engine. */
export const cosine = (x: number): number => cosPi(x <= 0.5 ? 2 * x : 2 - 2 * x);

/** sin(2πx) for x from 0 to 1. */
export const sine = (x: number): number => cosine(x < 0.25 ? x + 0.75 : x - 0.25);

/** The sines and cosines of the places of a circle. */
export interface Circle {
  readonly sines: Float64Array;
  readonly cosines: Float64Array;
}

function circleOf(shares: readonly number[]): Circle {
  return { sines: Float64Array.from(shares, sine), cosines: Float64Array.from(shares, cosine) };
}

const sharesOf = (count: number) => Array.from({ length: count }, (_, place) => place / count);

/** [12], by month. */
export const monthCircle = (): Circle => circleOf(sharesOf(12));
/** [7], by day of the week. */
export const weekCircle = (): Circle => circleOf(sharesOf(7));
/** By day of the month, for each length of a month: see `placeOnDayCircle`. */
export const dayCircle = (): Circle => circleOf([28, 29, 30, 31].flatMap(sharesOf));
/** The place in `dayCircle` of a day, counted from 0, in a month with this many days. */
export const placeOnDayCircle = (day: number, days: number): number => ((days - 28) * (days + 27)) / 2 + day;

/**
 * The parts that carry information in these dates: the time elapsed; the month, the day and the time of the day if they
 * differ between dates; the day of the week if the day differs.
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
