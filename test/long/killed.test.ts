import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { saveFile } from '../../src/io/files.js';
import { loadNetwork } from '../build.js';
import { randomNumbers, SEED } from '../random-numbers.js';
import { twoCheckpoints } from '../two-checkpoints.js';
import { STEPS, train } from './surviving.js';

// Processes that are killed while they save or train. Each test starts many processes.

const root = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
let path: string;
let contents: Uint8Array[];
/** The paths of files with these contents. */
const sources: string[] = [];

beforeAll(async () => {
  contents = await twoCheckpoints();
  const sourceFolder = mkdtempSync(join(tmpdir(), 'simdprop-sources-'));
  for (const [i, bytes] of contents.entries()) {
    sources.push(join(sourceFolder, String(i)));
    writeFileSync(sources[i], bytes);
  }
  afterAll(() => rmSync(sourceFolder, { recursive: true }));
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simdprop-killed-'));
  path = join(folder, 'net');
  return () => rmSync(folder, { recursive: true });
});

const isFile = (n: number) => Buffer.compare(readFileSync(path), contents[n]) === 0;

/** Starts the script of this name. Once it works, `kill` is called with a function that kills it. */
function run(
  name: string,
  args: string[],
  kill?: (end: () => void) => void,
): Promise<{ stdout: string; signal: string | null }> {
  const child = spawn(process.execPath, ['--import', 'tsx', `test/long/${name}.ts`, path, ...args], { cwd: root });
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

// Windows has no signals to send.
describe.skipIf(process.platform === 'win32')('the temporary file of a process that was killed while it saved', () => {
  /**
   * Kills the process at the first write, which is call 5 (counted from 0): the temporary file then has half of the
   * bytes.
   */
  const killed = () => run('saving-process', [...sources, '5']);
  const leftovers = () => readdirSync(folder).filter((name) => name.startsWith('.simdprop-'));

  it('is removed by the first save of another process into the folder', async () => {
    saveFile(path, contents[0]);
    for (let kills = 0; kills < 3; kills++) {
      await killed();
      expect(leftovers(), `after ${kills + 1}`).toHaveLength(1);
    }
    expect(isFile(0)).toBe(true);
    // this process has saved into the folder before, so it does not look again
    saveFile(path, contents[0]);
    expect(leftovers()).toHaveLength(1);
    const { stdout } = await run('saving-process', [...sources, '99']);
    expect(stdout).toBe('saved\n');
    expect(readdirSync(folder)).toEqual(['net']);
  });

  // only Linux says when a process began
  it.runIf(process.platform === 'linux')(
    'is kept if its process still runs, if it is from another machine, or if its name differs; after a day, it is removed',
    async () => {
      await killed();
      const [left] = leftovers();
      const [machine, , start, ...uuid] = left.slice('.simdprop-'.length).split('-');
      const nameOf = (...parts: unknown[]) => `.simdprop-${[...parts, ...uuid].join('-')}`;
      const parent = startOf(process.pid);
      const stays = [
        nameOf(machine, process.pid, parent),
        nameOf('00000000', 1, start),
        `${left}.txt`,
        '.simdprop-notes.tmp',
        'x.tmp',
      ];
      // a process with this number runs, but it began at another time, so it is not the one that wrote the file
      const goes = [
        nameOf(machine, process.pid, Number(parent) - 1),
        nameOf('00000000', 2, start),
        nameOf(machine, 3, 0),
      ];
      const yesterday = Date.now() / 1000 - 25 * 3600;
      for (const name of [...stays, ...goes]) writeFileSync(join(folder, name), '');
      for (const name of [goes[1], goes[2], stays[2], stays[3], stays[4]]) {
        utimesSync(join(folder, name), yesterday, yesterday);
      }
      await run('saving-process', [...sources, '99']);
      expect(readdirSync(folder).sort()).toEqual([...stays, 'net'].sort());
    },
  );

  const startOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ')[19];
});

// Windows has no signals to send.
describe.skipIf(process.platform === 'win32')('a process that is killed while it saves', () => {
  it('leaves either the old file or the new one, at whichever call of the file system it is killed', async () => {
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
    // calls 0 to 9, which end with the rename, leave the old file: open and close of the old file; open of the folder;
    // open, chmod, two writes, fsync, close and rename. Fsync and close of the folder leave the new one
    expect(ends).toEqual([...Array(10).fill('old'), 'new', 'new', 'saved']);
    // each process has removed the file that the one before left behind
    saveFile(path, contents[0]);
    expect(readdirSync(folder)).toEqual(['net']);
  });

  it('leaves a complete file if it is killed at random moments', async () => {
    const random = randomNumbers(SEED);
    for (let kills = 0; kills < 20; kills++) {
      const delay = 40 * random();
      const { stdout, signal } = await run('saving-process', sources, (end) => setTimeout(end, delay));
      expect({ stdout, signal }).toEqual({ stdout: 'ready\n', signal: 'SIGKILL' });
      // the first process may have been killed before its first save was complete
      if (kills === 0 && !readdirSync(folder).includes('net')) saveFile(path, contents[0]);
      expect(isFile(0) || isFile(1), `after ${delay} ms`).toBe(true);
      await loadNetwork(readFileSync(path));
    }
  });

  it('reaches the same weights if it is killed and started again many times during its training', async () => {
    const random = randomNumbers(SEED);
    const places: number[] = [];
    for (let kills = 0; kills < 8; kills++) {
      const delay = 100 * random();
      await run('training-process', [], (end) => setTimeout(end, delay));
      places.push((await loadNetwork(readFileSync(path))).steps);
    }
    // each process resumed where the one before had ended, until the training was complete
    for (let i = 1; i < 8; i++) expect(places[i] > places[i - 1] || places[i] === STEPS).toBe(true);
    const { stdout } = await run('training-process', []);
    expect(stdout.trim().split('\n').at(-1)).toBe(await train());
  });
});
