import { BENCH } from './checks/bench.mjs';
import { DIGITS } from './checks/digits.mjs';
import { DOCS } from './checks/docs.mjs';
import { HOME } from './checks/home.mjs';
import { PAGES } from './checks/pages.mjs';
import { PLAYGROUND } from './checks/playground.mjs';
import { TABLES } from './checks/tables.mjs';

/**
 * All checks by their names. Each gets a browser and a server, opens the pages that it needs, and throws if something
 * is wrong.
 */
export const CHECKS = { ...PAGES, ...DOCS, ...HOME, ...PLAYGROUND, ...DIGITS, ...TABLES, ...BENCH };

/** Checks with one of these words in their names count frames or milliseconds. */
export const TIMED = ['frames', 'within a second'];
