import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { alignTable } from './machine.js';
import { median } from './medians.js';
import type { Section } from './turns.js';

// Measures how long a program waits for its first prediction. Each run is a fresh process; the start of Node itself is
// not counted. V8 compiles a function of the core when it is first called; this counts as time of the call.

const RUNS = 21;

/** The times that first-prediction.mjs prints, and how long they may take. */
const PARTS: readonly { key: string; part: string; wantedMs?: number }[] = [
  { key: 'all', part: 'import to first prediction', wantedMs: 30 },
  { key: 'import', part: 'import' },
  { key: 'create', part: 'create' },
  { key: 'compile', part: 'compile (part of create)', wantedMs: 10 },
  { key: 'predict', part: 'predict' },
];

export const startup: Section = {
  name: 'startup',
  rows: ['2-2-1'],
  async measure() {
    process.stderr.write('startup ...\n');
    const script = fileURLToPath(new URL('first-prediction.mjs', import.meta.url));
    const runs: Record<string, number>[] = Array.from({ length: RUNS }, () =>
      JSON.parse(execFileSync(process.execPath, [script], { encoding: 'utf8' })),
    );
    const rows = PARTS.map(({ key, part, wantedMs }) => {
      const times = runs.map((run) => run[key]);
      return { part, ms: median(times), leastMs: Math.min(...times), wantedMs };
    });
    const cells = rows.map(({ part, ms, leastMs, wantedMs }) => [
      part,
      ms.toFixed(1),
      leastMs.toFixed(1),
      wantedMs === undefined ? '' : String(wantedMs),
      wantedMs !== undefined && ms > wantedMs ? 'MISSED' : '',
    ]);
    const title = `first prediction of a 2-2-1 network in a fresh process, ms: median and least of ${RUNS} runs`;
    return { rows, table: [title, alignTable([['', 'median', 'least', 'wanted', ''], ...cells])].join('\n') };
  },
};
