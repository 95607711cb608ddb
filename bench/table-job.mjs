// Reads and encodes a CSV file in a fresh process, for bench/tables.ts: node table-job.mjs JOB FILE. Prints JSON: the
// processor time of each step in ms, and for a stream also the memory.
import { createReadStream, readFileSync } from 'node:fs';
import Papa from 'papaparse';
import { Encoder, Table } from '../dist/tabular.js';

const [job, file] = process.argv.slice(2);
const times = {};

async function time(name, run) {
  const before = process.cpuUsage();
  const result = await run();
  const { user, system } = process.cpuUsage(before);
  times[name] = (user + system) / 1000;
  return result;
}

const TARGET = { target: 'score' };
const JOBS = {
  async papaparse() {
    const text = readFileSync(file, 'utf8');
    const { data } = await time('parse', () => Papa.parse(text, { skipEmptyLines: true }));
    times.rows = data.length - 1;
  },
  /** Rows are counted and not kept: the least work that papaparse can do. */
  async 'papaparse, row by row'() {
    const text = readFileSync(file, 'utf8');
    times.rows = -1;
    await time('parse', () => Papa.parse(text, { skipEmptyLines: true, step: () => times.rows++ }));
  },
  async simdprop() {
    const text = readFileSync(file, 'utf8');
    const table = await time('read', () => Table.fromCsv(text));
    times.rows = table.rows;
    const encoder = await time('fit', () => Encoder.fit(table, TARGET));
    const { inputs } = await time('encode', () => encoder.encode(table));
    times.inputs = inputs.length / table.rows;
  },
  async 'simdprop, a stream'() {
    // in bytes; the largest size during the whole life of the process
    const start = process.memoryUsage().rss;
    const table = await time('read', () => Table.fromCsvStream(createReadStream(file)));
    times.peak = process.resourceUsage().maxRSS * 1024 - start;
    times.rows = table.rows;
    times.doubles = table.rows * table.columns.length * 8;
  },
};

await JOBS[job]();
console.log(JSON.stringify(times));
