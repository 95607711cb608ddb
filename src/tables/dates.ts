/** The order of day, month and year in dates that are not written as in ISO 8601. */
export type DateOrder = 'dmy' | 'mdy';

export const DATE_ORDERS: readonly DateOrder[] = ['dmy', 'mdy'];

/** The longest date that is read. */
const LONGEST = 40;

const TIME = '(?:[T ](\\d{2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d{1,9}))?)?(Z|[+-]\\d{2}(?::?\\d{2})?)?)?';
const ISO = new RegExp(`^(\\d{4}|[+-]\\d{6})([-/])(\\d{1,2})(?:\\2(\\d{1,2}))?${TIME}$`, 'i');
const ORDERED = new RegExp(`^(\\d{1,2})([./-])(\\d{1,2})\\2(\\d{4})${TIME}$`, 'i');

const MINUTE = 60_000;

/**
 * The time of a date in milliseconds since 1970, or NaN for every other text. A date may be written as in ISO 8601,
 * with `-` or `/` between year, month and day; if an order is given, also as day, month and year in that order, with
 * points, slashes or hyphens between them. A time may follow, such as 12:30 or 12:30:15.5. Without a zone it is in UTC.
 */
export function toDate(text: string, order?: DateOrder): number {
  const plain = plainDate(text);
  if (plain !== undefined) return plain;
  if (text.length > LONGEST) return Number.NaN;
  const iso = ISO.exec(text);
  if (iso) {
    const [, year, , month, day, ...time] = iso;
    // a date without a day cannot have a time
    if (day === undefined && time[0] !== undefined) return Number.NaN;
    return dayOf(Number(year), Number(month), Number(day ?? 1)) + timeOf(time);
  }
  const ordered = order && ORDERED.exec(text);
  if (!ordered) return Number.NaN;
  const [, first, , second, year, ...time] = ordered;
  const [day, month] = order === 'dmy' ? [first, second] : [second, first];
  return dayOf(Number(year), Number(month), Number(day)) + timeOf(time);
}

/**
 * The time of a date in the most frequent form, such as 2026-12-24, whose day exists in every month. undefined for all
 * other dates; reading those takes several times as long.
 */
function plainDate(text: string): number | undefined {
  if (text.length !== 10 || text[4] !== '-' || text[7] !== '-') return undefined;
  let digits = 0;
  for (let i = 0; i < 10; i++) {
    if (i === 4 || i === 7) continue;
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return undefined;
    digits = digits * 10 + digit;
  }
  const year = Math.floor(digits / 10_000);
  const month = Math.floor(digits / 100) % 100;
  const day = digits % 100;
  const isPlain = year >= 100 && month >= 1 && month <= 12 && day >= 1 && day <= 28;
  return isPlain ? Date.UTC(year, month - 1, day) : undefined;
}

function dayOf(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists ? date.getTime() : Number.NaN;
}

function timeOf([hours, minutes, seconds = '0', fraction = '0', zone = 'Z']: (string | undefined)[]): number {
  if (hours === undefined) return 0;
  const [h, m, s] = [hours, minutes, seconds].map(Number);
  if (h > 23 || m > 59 || s > 59) return Number.NaN;
  const time = ((h * 60 + m) * 60 + s) * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0'));
  if (zone === 'Z' || zone === 'z') return time;
  const offset = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', ''));
  return time - (zone[0] === '-' ? -offset : offset) * MINUTE;
}
