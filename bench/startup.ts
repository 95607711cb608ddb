import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { alignTable, median } from './machine.js';
import { parseAnswer } from './rival.js';
import type { Section } from './turns.js';

// What a program waits for before its first prediction. Each run is a fresh process; the start of Node itself is not counted.

const RUNS = 21;
const WANTED_MS = 30;
const WANTED_COMPILE_MS = 10;

export const startup: Section = {
  name: 'startup',
  rows: ['2-2-1'],
  async measure() {
    process.stderr.write('startup ...\n');
    const script = fileURLToPath(new URL('first-prediction.mjs', import.meta.url));
    const runs = Array.from({ length: RUNS }, () => {
      const line = execFileSync(process.execPath, [script], { encoding: 'utf8' }).trim();
      // its second number is the compilation's time
      return parseAnswer('startup', line);
    });
    const all = runs.map(({ elapsedMs }) => elapsedMs);
    const compiling = runs.map(({ value }) => value);
    const rows = [
      { part: 'import to first prediction', ms: median(all), leastMs: Math.min(...all), wantedMs: WANTED_MS },
      {
        part: 'of that, compiling',
        ms: median(compiling),
        leastMs: Math.min(...compiling),
        wantedMs: WANTED_COMPILE_MS,
      },
    ];
    const cells = rows.map(({ part, ms, leastMs, wantedMs }) => [
      part,
      ms.toFixed(1),
      leastMs.toFixed(1),
      String(wantedMs),
      ms <= wantedMs ? '' : 'MISSED',
    ]);
    const title = `a 2-2-1 network in fresh processes, ms, median of ${RUNS}`;
    return { rows, table: [title, alignTable([['', 'median', 'least', 'wanted', ''], ...cells])].join('\n') };
  },
};
