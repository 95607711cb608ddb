import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { writeJob } from './job.js';
import { alignTable } from './machine.js';
import { nodeBinary } from './nodes.js';
import { servePages } from './page-server.js';
import { lastError } from './rival.js';
import type { Section } from './turns.js';
import { makeWorkload } from './workloads.js';

// Runs the built package in every engine, one after another: kernels of wide layers, and epochs on the MNIST digits.

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

type Run = (job: string, url: string) => readonly [command: string, ...args: string[]];

const browse = (browser: string, executable: string): Run => {
  return (_, url) => [process.execPath, here('peers/browse.mjs'), browser, executable, `${url}/bench/engine-page.html`];
};

const onNode = (major: number): Run => {
  return (job) => [nodeBinary(major), here('engine-node.mjs'), job];
};

/** The environment variables CHROMIUM and FIREFOX set the paths of other browsers. */
const ENGINES: Record<string, Run> = {
  'Node 20': onNode(20),
  'Node 22': onNode(22),
  'Node 24': onNode(24),
  'Node 26': onNode(26),
  Chromium: browse('chrome', process.env.CHROMIUM ?? '/usr/bin/chromium'),
  Firefox: browse('firefox', process.env.FIREFOX ?? '/usr/bin/firefox-esr'),
};

interface Row {
  engine: string;
  /** Undefined, like the figures, if the engine was not measured. */
  version?: string;
  /** GFLOP/s of a prediction: a layer of 512 x 512 on 128 rows. */
  forward?: number;
  /** GFLOP/s of training 512-512-512-512 in batches of 128. */
  training?: number;
  /** How many times as fast the build with fused multiply-add predicts; undefined if there is no relaxed SIMD. */
  fusedForward?: number;
  /** How many times as fast the build with fused multiply-add trains; undefined if there is no relaxed SIMD. */
  fusedTraining?: number;
  /** Samples per second in training 784-30-10, sigmoid, batch 10. */
  sigmoid?: number;
  /** Samples per second in training 784-128-10, relu, Adam, batch 32. */
  relu?: number;
  note?: string;
}

async function measure(engine: string, job: string, url: string): Promise<Row> {
  try {
    const [command, ...args] = ENGINES[engine](job, url);
    const { stdout } = await promisify(execFile)(command, args);
    return { engine, ...JSON.parse(stdout) };
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    return { engine, note: `not measured: ${lastError(String(stderr || message))}` };
  }
}

export const engines: Section = {
  name: 'engines',
  rows: Object.keys(ENGINES),
  async measure(names) {
    const job = mkdtempSync(join(tmpdir(), 'simdprop-job-'));
    const { url, server } = await servePages({ '/job/': job, '/bench/': here('.'), '/dist/': here('../dist') });
    const rows: Row[] = [];
    try {
      await writeJob(job, makeWorkload('784-30-10 batch 10'));
      for (const name of names) {
        process.stderr.write(`engines ${name} ...\n`);
        rows.push(await measure(name, job, url));
      }
    } finally {
      server.close();
      rmSync(job, { recursive: true });
    }
    const count = (speed?: number) => (speed === undefined ? '' : Math.round(speed).toLocaleString('en-US'));
    const ratio = (of?: number) => (of === undefined ? '' : `${of.toFixed(2)}x`);
    const cells = rows.map(
      ({ engine, version = '', forward, fusedForward, training, fusedTraining, sigmoid, relu }) => [
        engine,
        version,
        forward?.toFixed(1) ?? '',
        ratio(fusedForward),
        training?.toFixed(1) ?? '',
        ratio(fusedTraining),
        count(sigmoid),
        count(relu),
      ],
    );
    const notes = rows.filter(({ note }) => note).map(({ engine, note }) => `${engine}: ${note}`);
    const heads = [
      '',
      'version',
      'predict GFLOP/s',
      'fused, default = 1',
      'train GFLOP/s',
      'fused, default = 1',
      '784-30-10 samples/s',
      '784-128-10 samples/s',
    ];
    const title =
      'engines: layers of 512 units on 128 rows, on the default build and with fused multiply-add, and training on the digits; the fastest run of each';
    return { rows, table: [title, alignTable([heads, ...cells]), ...notes].join('\n') };
  },
};
