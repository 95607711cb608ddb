import { spawn } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { saveFile } from '../src/io/files.js';
import { createNetwork, loadNetwork, randomNumbers } from './build.js';
import { STEPS, train } from './surviving.js';

const root = fileURLToPath(new URL('..', import.meta.url));

let folder: string;
let path: string;
/** Two files as save makes them, of different lengths, and where they lie. */
const contents: Uint8Array[] = [];
const sources: string[] = [];

beforeAll(async () => {
  const sourceFolder = mkdtempSync(join(tmpdir(), 'simdprop-sources-'));
  for (const units of [300, 301]) {
    const net = await createNetwork({ inputs: 784, layers: [{ units }, { units: 10 }] });
    net.trainBatch(new Float32Array(784).fill(0.1), Uint8Array.of(3));
    contents.push(net.save({ training: true }));
    sources.push(join(sourceFolder, String(units)));
    writeFileSync(sources[sources.length - 1], contents[contents.length - 1]);
  }
  afterAll(() => rmSync(sourceFolder, { recursive: true }));
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simdprop-files-'));
  path = join(folder, 'net');
  return () => rmSync(folder, { recursive: true });
});

const isFile = (n: number) => Buffer.compare(readFileSync(path), contents[n]) === 0;

/** A process of this name; `kill` is called with what kills it once it is at work. */
function run(
  name: string,
  args: string[],
  kill?: (end: () => void) => void,
): Promise<{ stdout: string; signal: string | null }> {
  const child = spawn(process.execPath, ['--import', 'tsx', `test/${name}.ts`, path, ...args], { cwd: root });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    if (stdout === '') kill?.(() => child.kill('SIGKILL'));
    stdout += text;
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  return new Promise((done, reject) => {
    child.on('error', reject);
    child.on('close', (_, signal) => (stderr ? reject(new Error(stderr)) : done({ stdout, signal })));
  });
}

it('saves over an old file, keeps a link one, and leaves nothing behind', () => {
  saveFile(path, contents[0]);
  saveFile(path, contents[1]);
  expect(isFile(1)).toBe(true);
  saveFile(path, new Uint8Array(0));
  expect(readFileSync(path)).toHaveLength(0);
  const link = join(folder, 'link');
  symlinkSync(path, link);
  saveFile(link, contents[0]);
  expect(isFile(0)).toBe(true);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readdirSync(folder).sort()).toEqual(['link', 'net']);
});

it('puts the file where a link leads that has none yet, over another link too', () => {
  const inner = join(folder, 'inner');
  mkdirSync(inner);
  // relative to the folder of the link, whichever way leads there
  symlinkSync(join('..', 'net'), join(inner, 'first'));
  symlinkSync(inner, join(folder, 'way'));
  symlinkSync(join('way', 'first'), join(folder, 'second'));
  saveFile(join(folder, 'second'), contents[0]);
  expect(isFile(0)).toBe(true);
  for (const link of [join(inner, 'first'), join(folder, 'second')]) {
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
  }
  expect(readdirSync(folder).sort()).toEqual(['inner', 'net', 'second', 'way']);
  expect(readdirSync(inner)).toEqual(['first']);
});

it('refuses links that lead in a circle, and leaves them', () => {
  symlinkSync('other', path);
  symlinkSync('net', join(folder, 'other'));
  expect(() => saveFile(path, contents[0])).toThrow(/ELOOP/);
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
  expect(readdirSync(folder).sort()).toEqual(['net', 'other']);
});

// Windows knows read-only and nothing else.
it.skipIf(process.platform === 'win32')('keeps the permissions of the file that it replaces', () => {
  const modeOf = (name: string) => (statSync(name).mode & 0o777).toString(8);
  writeFileSync(join(folder, 'plain'), '');
  saveFile(path, contents[0]);
  expect(modeOf(path)).toBe(modeOf(join(folder, 'plain')));
  // less than a new file gets, more than the umask leaves, and not even its owner's to write
  for (const mode of [0o600, 0o666, 0o440]) {
    chmodSync(path, mode);
    saveFile(path, contents[1]);
    expect(modeOf(path)).toBe(mode.toString(8));
  }
  expect(isFile(1)).toBe(true);
});

it('takes every name that the file system takes', () => {
  const long = join(folder, 'n'.repeat(255));
  saveFile(long, contents[0]);
  expect(readFileSync(long)).toHaveLength(contents[0].length);
  expect(() => saveFile(`${long}n`, contents[0])).toThrow(/ENAMETOOLONG.*n{256}/);
  expect(readdirSync(folder)).toEqual(['n'.repeat(255)]);
});

it('takes a part of a larger buffer as that part', () => {
  saveFile(path, contents[0].subarray(3, 10));
  expect(new Uint8Array(readFileSync(path))).toEqual(contents[0].slice(3, 10));
});

it('says what the file system says where it cannot, and leaves nothing behind', () => {
  mkdirSync(path);
  expect(() => saveFile(path, contents[0])).toThrow(/EISDIR|ENOTEMPTY|EEXIST|EPERM/);
  expect(() => saveFile(join(folder, 'none', 'net'), contents[0])).toThrow(/ENOENT/);
  expect(readdirSync(folder)).toEqual(['net']);
});

it('refuses what is no path or no bytes', () => {
  expect(() => saveFile('', contents[0])).toThrow('saveFile: path: got "", want the path of a file');
  expect(() => saveFile(7 as never, contents[0])).toThrow('saveFile: path: got 7, want the path of a file');
  expect(() => saveFile(path, 'bytes' as never)).toThrow('saveFile: bytes: got "bytes", want a Uint8Array');
  expect(readdirSync(folder)).toEqual([]);
});

// Windows has no signals to send.
describe.skipIf(process.platform === 'win32')('a process that is killed while it saves', () => {
  it('leaves the old file or the new one, at whichever call into the file system it ends', async () => {
    const ends: string[] = [];
    for (let call = 0; ends.at(-1) !== 'saved'; call++) {
      saveFile(path, contents[0]);
      const { stdout, signal } = await run('saving-process', [...sources, String(call)]);
      expect(signal === 'SIGKILL' || stdout === 'saved\n').toBe(true);
      const isNew = isFile(1);
      expect(isNew || isFile(0), `call ${call}`).toBe(true);
      await loadNetwork(readFileSync(path));
      ends.push(signal ? (isNew ? 'new' : 'old') : 'saved');
    }
    // open, two writes, fsync, close, rename: the old one; then open, fsync and close of the folder
    expect(ends).toEqual([...Array(6).fill('old'), 'new', 'new', 'new', 'saved']);
  });

  it('leaves a whole file at random moments', async () => {
    const random = randomNumbers(Number(process.env.SIMDPROP_SEED));
    for (let kills = 0; kills < 20; kills++) {
      const delay = 40 * random();
      const { stdout, signal } = await run('saving-process', sources, (end) => setTimeout(end, delay));
      expect({ stdout, signal }).toEqual({ stdout: 'ready\n', signal: 'SIGKILL' });
      // the first save may not have come to its end
      if (kills === 0 && !readdirSync(folder).includes('net')) saveFile(path, contents[0]);
      expect(isFile(0) || isFile(1), `after ${delay} ms`).toBe(true);
      await loadNetwork(readFileSync(path));
    }
  });

  it('comes to the same weights, started again as often as it is killed amid its training', async () => {
    const random = randomNumbers(Number(process.env.SIMDPROP_SEED));
    const places: number[] = [];
    for (let kills = 0; kills < 8; kills++) {
      const delay = 100 * random();
      await run('training-process', [], (end) => setTimeout(end, delay));
      places.push((await loadNetwork(readFileSync(path))).steps);
    }
    // each process resumed where the one before had ended, until everything was done
    for (let i = 1; i < 8; i++) expect(places[i] > places[i - 1] || places[i] === STEPS).toBe(true);
    const { stdout } = await run('training-process', []);
    expect(stdout.trim().split('\n').at(-1)).toBe(await train());
  });
});
