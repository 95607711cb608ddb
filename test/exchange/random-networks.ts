import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readBrain } from '../../src/brain.js';
import { readFann } from '../../src/fann.js';
import type { Imported, PyTorchReadOptions } from '../../src/pytorch.js';
import { readPyTorch } from '../../src/pytorch.js';
import { readTfjs } from '../../src/tfjs.js';
import { distanceOf } from './onnxruntime.js';

// Random networks of other programs, written by the programs of fixtures/random-*, each read and compared with what its
// producer computes. Which producers there are depends on the machine:
//
//   npx tsx test/exchange/random-networks.ts torch [SEED] [COUNT]     needs /usr/bin/python3 with torch
//   npx tsx test/exchange/random-networks.ts fann [SEED] [COUNT]      needs gcc and libfann-dev
//   npx tsx test/exchange/random-networks.ts brain FOLDER [SEED] [COUNT]
//   npx tsx test/exchange/random-networks.ts tfjs FOLDER [SEED] [COUNT]
//
// FOLDER is one in which `npm i --ignore-scripts brain.js@1.6.1` was run (or @2.0.0-beta.24), or `npm i
// --ignore-scripts @tensorflow/tfjs@4.22.0` (or 1.7.4, 2.8.6, 3.21.0). PYTHON names another Python, with a newer torch.

/** The numbers of one row: a list, or by their names. */
type Row = readonly number[] | Readonly<Record<string, number>>;

interface Made {
  readonly file: string;
  /** [rows × inputs], as one list, or with a list or names for each row. */
  readonly x: readonly number[] | readonly Row[];
  readonly y: readonly number[] | readonly Row[];
  readonly options?: PyTorchReadOptions;
}

/** What became of the networks of a producer. */
export interface Comparison {
  /** How many predict what their producer has computed, within 1e-5 of 1 plus the output. */
  readonly same: number;
  /** The largest distance from what the producers have computed. */
  readonly worst: number;
  /** The files that differ or were refused, with the distance or the message. */
  readonly others: readonly string[];
}

const FIXTURES = fileURLToPath(new URL('fixtures/', import.meta.url));
const script = (name: string) => join(FIXTURES, name);

/** Runs a producer in a folder, which then has networks.json. */
const PRODUCERS: Readonly<Record<string, (folder: string, args: string[], installed: string) => void>> = {
  torch: (cwd, args) => {
    const python = process.env.PYTHON ?? '/usr/bin/python3';
    execFileSync(python, [script('random-torch.py'), ...args], { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  },
  fann: (cwd, args) => {
    const program = join(cwd, 'random-fann');
    execFileSync('gcc', [script('random-fann.c'), '-lfann', '-lm', '-o', program]);
    execFileSync(program, args, { cwd });
  },
  brain: (_, args, cwd) => execFileSync(process.execPath, [script('random-brain.cjs'), ...args], { cwd, stdio: 'inherit' }), // biome-ignore format: one line
  tfjs: (_, args, cwd) => execFileSync(process.execPath, [script('random-tfjs.cjs'), ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] }), // biome-ignore format: one line
};

const READERS: Readonly<Record<string, (path: string, made: Made) => Promise<Imported>>> = {
  torch: (path, { options }) => readPyTorch(readFileSync(path), options),
  fann: (path) => readFann(readFileSync(path)),
  brain: (path) => readBrain(readFileSync(path)),
  tfjs: (path) =>
    readTfjs(readFileSync(path, 'utf8'), { 'weights.bin': readFileSync(join(dirname(path), 'weights.bin')) }),
};

export const PROGRAMS = Object.keys(PRODUCERS);

/** Makes `count` networks and reads them. `installed`: the folder with the producer, for those of npm. */
export async function compareRandom(
  producer: string,
  seed: number,
  count: number,
  installed = '',
): Promise<Comparison> {
  const folder = mkdtempSync(join(tmpdir(), 'simdprop-random-'));
  try {
    PRODUCERS[producer](folder, [`${seed}`, `${count}`], installed);
    const at = (name: string) => join(existsSync(join(folder, 'networks.json')) ? folder : installed, name);
    const others: string[] = [];
    let worst = 0;
    for (const made of JSON.parse(readFileSync(at('networks.json'), 'utf8')) as Made[]) {
      const distance = await distanceTo(made, READERS[producer](at(made.file), made));
      if (typeof distance === 'number') worst = Math.max(worst, distance);
      if (typeof distance === 'string' || !(distance < 1e-5)) others.push(`${made.file}: ${distance}`);
    }
    return { same: count - others.length, worst, others };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The distance from what the producer has computed, or the message of a refusal. */
async function distanceTo({ x, y }: Made, reading: Promise<Imported>): Promise<number | string> {
  try {
    const { network } = await reading;
    const [inputs, outputs] = [numbersOf(x, network.columns), numbersOf(y, network.classes)];
    const distance = distanceOf(network.predict(Float64Array.from(inputs)), outputs);
    network.dispose();
    return distance;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Rows as one list, in the order of the names if they have some. */
function numbersOf(rows: readonly number[] | readonly Row[], names: readonly string[] | undefined): number[] {
  return rows.flatMap((row) => {
    if (typeof row === 'number') return [row];
    if (Array.isArray(row)) return row;
    const byName = row as Readonly<Record<string, number>>;
    // a single output keeps no name
    return (names ?? Object.keys(byName)).map((name) => byName[name]);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [producer, ...rest] = process.argv.slice(2);
  if (!PROGRAMS.includes(producer)) throw new RangeError(`got ${producer}, want one of ${PROGRAMS.join(', ')}`);
  const installed = producer === 'brain' || producer === 'tfjs' ? rest.shift() : undefined;
  const [seed = 1, count = 100] = rest.map(Number);
  const { same, worst, others } = await compareRandom(producer, seed, count, installed);
  for (const line of others) console.log(line);
  console.log(`${producer}, seed ${seed}: ${same} of ${count} the same, at most ${worst.toExponential(1)} apart`);
}
