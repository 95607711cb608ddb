import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { alignTable } from './machine.js';
import { median } from './medians.js';
import type { Section } from './turns.js';

// Measures how long it takes to make a table from a CSV file of 100 MB, and inputs of a network from the table,
// compared with the time in which papaparse parses the file. Also measures the memory for reading the file as a stream.
// Each run is a fresh process, and the programs take turns.

const ROUNDS = Number(process.env.SIMDPROP_ROUNDS ?? 5);
const BYTES = 100e6;
const MB = 2 ** 20;
const FOLDER = fileURLToPath(new URL('../build/bench/', import.meta.url));
const FILE = `${FOLDER}table.csv`;

const JOBS = ['papaparse', 'papaparse, row by row', 'simdprop', 'simdprop, a stream'] as const;
type Job = (typeof JOBS)[number];

/** Encoding should take at most this share of papaparse's time. */
const WANTED_SHARE = 0.5;
/** Reading a stream should take at most WANTED_TIMES the memory of its columns as doubles, and at most WANTED_BYTES. */
const WANTED_TIMES = 3;
const WANTED_BYTES = 64 * MB;

/** Writes the file. It has categories, measurements, whole numbers, dates and missing values. */
function writeFile(): void {
  if (existsSync(FILE) && statSync(FILE).size >= BYTES) return;
  mkdirSync(FOLDER, { recursive: true });
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const one = (names: readonly string[]) => names[Math.floor(random() * names.length)];
  const whole = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  const two = (from: number, to: number) => String(whole(from, to)).padStart(2, '0');
  const file = openSync(FILE, 'w');
  let text = 'species,island,length,depth,flipper,mass,sex,year,age,price,when,score\n';
  for (let bytes = 0; bytes < BYTES; ) {
    for (let i = 0; i < 10_000; i++) {
      text += `${one(['adelie', 'chinstrap', 'gentoo'])},${one(['Biscoe', 'Dream', 'Torgersen'])},`;
      text += `${(30 + 30 * random()).toFixed(1)},${(13 + 9 * random()).toFixed(2)},${whole(172, 231)},`;
      text += `${whole(2700, 6300)},${one(['male', 'female', ''])},${whole(2007, 2009)},${whole(0, 29)},`;
      text += `${(1e5 * random()).toFixed(2)},20${whole(10, 24)}-${two(1, 12)}-${two(1, 28)},${random()}\n`;
    }
    bytes += writeSync(file, text);
    text = '';
  }
  closeSync(file);
}

function run(job: Job): Record<string, number> {
  const script = fileURLToPath(new URL('table-job.mjs', import.meta.url));
  return JSON.parse(execFileSync(process.execPath, [script, job, FILE], { encoding: 'utf8' }));
}

export const tables: Section = {
  name: 'table',
  rows: ['100 MB'],
  async measure() {
    writeFile();
    const runs = new Map<Job, Record<string, number>[]>(JOBS.map((job) => [job, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const job of round % 2 === 0 ? JOBS : JOBS.toReversed()) {
        process.stderr.write(`table ${job} ...\n`);
        runs.get(job)?.push(run(job));
      }
    }
    const middle = (job: Job, key: string) => median((runs.get(job) ?? []).map((times) => times[key]));
    const rowCounts = new Set(JOBS.map((job) => middle(job, 'rows')));
    if (rowCounts.size !== 1) throw new Error(`table: got ${[...rowCounts].join(', ')} rows, want the same number`);

    const parse = middle('papaparse', 'parse');
    const steps: [string, Job, string][] = [
      ['papaparse: parse', 'papaparse', 'parse'],
      ['papaparse: parse, row by row', 'papaparse, row by row', 'parse'],
      ['Table.fromCsv', 'simdprop', 'read'],
      ['Table.fromCsvStream', 'simdprop, a stream', 'read'],
      ['Encoder.fit', 'simdprop', 'fit'],
      ['encoder.encode', 'simdprop', 'encode'],
    ];
    const rows = steps.map(([step, job, key]) => ({ step, ms: middle(job, key), share: middle(job, key) / parse }));
    const share = rows[4].share + rows[5].share;
    const doubles = middle('simdprop, a stream', 'doubles');
    const peak = Math.max(...(runs.get('simdprop, a stream') ?? []).map((times) => times.peak));
    const most = WANTED_TIMES * doubles + WANTED_BYTES;
    const megabytes = (bytes: number) => (bytes / MB).toFixed(0);
    const [count] = rowCounts;
    const table = [
      `a CSV file of 100 MB, ${count} rows of 12 columns, ${middle('simdprop', 'inputs')} inputs: processor time, ms, median of ${ROUNDS} processes`,
      alignTable([
        ['', 'ms', 'of parse'],
        ...rows.map((row) => [row.step, row.ms.toFixed(0), `${(100 * row.share).toFixed(0)} %`]),
      ]),
      `encoding (fit and encode): ${(100 * share).toFixed(0)} % of parsing, wanted ${100 * WANTED_SHARE} %${share > WANTED_SHARE ? ' MISSED' : ''}`,
      `memory of the stream above that at the start: ${megabytes(peak)} MB at most, wanted ${megabytes(most)} (${WANTED_TIMES} x ${megabytes(doubles)} MB of doubles + 64)${peak > most ? ' MISSED' : ''}`,
    ].join('\n');
    return { rows: [...rows, { step: 'peak of the stream, bytes', peak, wanted: most, doubles }], table };
  },
};
