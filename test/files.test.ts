import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { saveFile } from '../src/io/files.js';
import { createNetwork, loadNetwork } from './build.js';
import { randomNumbers, SEED } from './random-numbers.js';
import { STEPS, train } from './surviving.js';

const root = fileURLToPath(new URL('..', import.meta.url));

const isRoot = process.getuid?.() === 0;

let folder: string;
let path: string;
/** Two saved files of different lengths, and their paths. */
const contents: Uint8Array[] = [];
const sources: string[] = [];

beforeAll(async () => {
  const sourceFolder = mkdtempSync(join(tmpdir(), 'simdprop-sources-'));
  for (const units of [300, 301]) {
    const net = await createNetwork({ inputs: 784, layers: [{ units }, { units: 10 }] });
    net.trainBatch(new Float32Array(784).fill(0.1), Uint8Array.of(3));
    contents.push(await net.save({ training: true }));
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

/** Starts the script of this name. Once it works, `kill` is called with a function that kills it. */
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

it('replaces an old file, keeps a link to it, and leaves no other file behind', () => {
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

it('creates the file that a link leads to, also through a second link', () => {
  const inner = join(folder, 'inner');
  mkdirSync(inner);
  // a relative link starts from the folder in which it lies, by whatever path that folder was reached
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

it('refuses links that lead in a circle, and keeps them', () => {
  symlinkSync('other', path);
  symlinkSync('net', join(folder, 'other'));
  expect(() => saveFile(path, contents[0])).toThrow(/ELOOP/);
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
  expect(readdirSync(folder).sort()).toEqual(['net', 'other']);
});

// Windows has only one permission: a file may be read-only.
it.skipIf(process.platform === 'win32')('keeps the permissions of the file that it replaces', () => {
  const modeOf = (name: string) => (statSync(name).mode & 0o777).toString(8);
  writeFileSync(join(folder, 'plain'), '');
  saveFile(path, contents[0]);
  expect(modeOf(path)).toBe(modeOf(join(folder, 'plain')));
  // permissions that even the owner lacks, fewer than a new file has, and more than the umask leaves
  for (const mode of [0o240, 0o600, 0o666]) {
    chmodSync(path, mode);
    saveFile(path, contents[1]);
    expect(modeOf(path)).toBe(mode.toString(8));
  }
  expect(isFile(1)).toBe(true);
});

it('accepts every name that the file system accepts', () => {
  const long = join(folder, 'n'.repeat(255));
  saveFile(long, contents[0]);
  expect(readFileSync(long)).toHaveLength(contents[0].length);
  expect(() => saveFile(`${long}n`, contents[0])).toThrow(/ENAMETOOLONG.*n{256}/);
  expect(readdirSync(folder)).toEqual(['n'.repeat(255)]);
});

it('writes only the part if it gets a part of a larger buffer', () => {
  saveFile(path, contents[0].subarray(3, 10));
  expect(new Uint8Array(readFileSync(path))).toEqual(contents[0].slice(3, 10));
});

it('throws the errors of the file system, and leaves no file behind', () => {
  expect(() => saveFile(join(folder, 'none', 'net'), contents[0])).toThrow(/ENOENT/);
  saveFile(path, contents[0]);
  expect(() => saveFile(join(path, 'net'), contents[0])).toThrow(/ENOTDIR/);
  expect(isFile(0)).toBe(true);
  expect(readdirSync(folder)).toEqual(['net']);
});

it('keeps the old file, and leaves no other, if the disk becomes full while it writes', () => {
  saveFile(path, contents[0]);
  const { writeSync } = fs;
  let calls = 0;
  const full = (...[file, bytes, from]: [number, Uint8Array, number]) => {
    if (calls++ > 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    return writeSync(file, bytes, from, 1000);
  };
  Object.assign(fs, { writeSync: full });
  syncBuiltinESMExports();
  try {
    expect(() => saveFile(path, contents[1])).toThrow(/ENOSPC/);
  } finally {
    Object.assign(fs, { writeSync });
    syncBuiltinESMExports();
  }
  expect(calls).toBe(2);
  expect(isFile(0)).toBe(true);
  expect(readdirSync(folder)).toEqual(['net']);
});

const noFile = (kind: string) =>
  new RegExp(`^saveFile: path: got ".+, ${kind}, want the path of a file, or one where nothing is yet`);

it('refuses everything that is not a file, and leaves it as it is', () => {
  mkdirSync(path);
  expect(() => saveFile(path, contents[0])).toThrow(noFile('a folder'));
  expect(() => saveFile(`${path}/`, contents[0])).toThrow(noFile('a folder'));
  expect(readdirSync(folder)).toEqual(['net']);
  expect(readdirSync(path)).toEqual([]);
});

describe.skipIf(process.platform === 'win32')('refuses, on systems that have them', () => {
  it('a pipe', () => {
    execFileSync('mkfifo', [path]);
    expect(() => saveFile(path, contents[0])).toThrow(noFile('a pipe'));
    const link = join(folder, 'link');
    symlinkSync(path, link);
    expect(() => saveFile(link, contents[0])).toThrow(noFile('a pipe'));
    expect(statSync(path).isFIFO()).toBe(true);
    expect(readdirSync(folder)).toEqual(['link', 'net']);
  });

  it('a device, by its name and by a link', () => {
    const link = join(folder, 'link');
    // a test that runs as root makes a device of its own, because it could replace /dev/null
    const device = isRoot ? path : '/dev/null';
    if (isRoot) execFileSync('mknod', [path, 'c', '1', '3']);
    symlinkSync(device, link);
    for (const name of [device, link]) expect(() => saveFile(name, contents[0])).toThrow(noFile('a device'));
    expect(statSync(device).isCharacterDevice()).toBe(true);
  });

  it('a socket', async () => {
    const server = createServer().listen(path);
    await once(server, 'listening');
    expect(() => saveFile(path, contents[0])).toThrow(noFile('a socket'));
    expect(statSync(path).isSocket()).toBe(true);
    server.close();
    await once(server, 'close');
  });
});

it('refuses a read-only file, also for root', () => {
  saveFile(path, contents[0]);
  for (const mode of [0o444, 0o400, 0o000]) {
    chmodSync(path, mode);
    expect(() => saveFile(path, contents[1])).toThrow(
      /^saveFile: path: got ".+", a read-only file, want one that may be written \(chmod u\+w\), or another path$/,
    );
    expect(statSync(path).mode & 0o200).toBe(0);
  }
  chmodSync(path, 0o644);
  expect(isFile(0)).toBe(true);
  expect(readdirSync(folder)).toEqual(['net']);
});

it('refuses values that are not a path, or not bytes', () => {
  expect(() => saveFile('', contents[0])).toThrow('saveFile: path: got "", want the path of a file');
  expect(() => saveFile(7 as never, contents[0])).toThrow('saveFile: path: got 7, want the path of a file');
  expect(() => saveFile(pathToFileURL(path) as never, contents[0])).toThrow(
    /^saveFile: path: got an object \(URL\), want the path of a file, as a string \(of a URL: fileURLToPath\(url\)\)$/,
  );
  const wanted = 'want a Uint8Array or an ArrayBuffer, such as net.save()';
  expect(() => saveFile(path, 'bytes' as never)).toThrow(`saveFile: bytes: got "bytes", ${wanted}`);
  expect(() => saveFile(path, new Float32Array(2) as never)).toThrow(
    `saveFile: bytes: got Float32Array of 8 bytes, ${wanted}`,
  );
  expect(() => saveFile(path, Promise.resolve(contents[0]) as never)).toThrow(
    `saveFile: bytes: got an object (Promise), ${wanted}: await the promise`,
  );
  // this object only claims to be an ArrayBuffer
  expect(() => saveFile(path, { [Symbol.toStringTag]: 'ArrayBuffer', byteLength: 3 } as never)).toThrow(RangeError);
  expect(readdirSync(folder)).toEqual([]);
});

it('accepts an ArrayBuffer, and arrays of another realm', () => {
  saveFile(path, contents[1].slice().buffer);
  expect(isFile(1)).toBe(true);
  for (const code of ['new Uint8Array([1, 2, 3])', 'new Uint8Array([1, 2, 3]).buffer']) {
    saveFile(path, runInNewContext(code));
    expect([...readFileSync(path)]).toEqual([1, 2, 3]);
    saveFile(path, contents[0]);
  }
});

it('refuses arrays whose memory is lost, and keeps the old file', () => {
  saveFile(path, contents[0]);
  const gone = contents[1].slice();
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  expect(gone).toHaveLength(0);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const grown = new Uint8Array(memory.buffer);
  memory.grow(1);
  for (const bytes of [gone, gone.buffer, grown]) {
    expect(() => saveFile(path, bytes)).toThrow(
      /^saveFile: bytes: got bytes that are detached, want bytes that are not: copy them with slice\(\) before/,
    );
  }
  expect(isFile(0)).toBe(true);
  expect(readdirSync(folder)).toEqual(['net']);
});

// Windows has no owners and permissions of this kind.
describe.skipIf(process.platform === 'win32')('owners and permissions', () => {
  const NOBODY = 65_534;

  /** Acts as a user for whom permissions count, which they do not for root. */
  function asNobody(act: () => void, inGroups: number[] = []): void {
    if (!isRoot) {
      act();
      return;
    }
    const groups = process.getgroups?.() as number[];
    process.setgroups?.(inGroups);
    process.setegid?.(NOBODY);
    process.seteuid?.(NOBODY);
    try {
      act();
    } finally {
      process.seteuid?.(0);
      process.setegid?.(0);
      process.setgroups?.(groups);
    }
  }

  it('saves into a folder that may be written but not listed', () => {
    chmodSync(folder, 0o333);
    try {
      asNobody(() => {
        saveFile(path, contents[0]);
        saveFile(path, contents[1]);
      });
    } finally {
      chmodSync(folder, 0o755);
    }
    expect(isFile(1)).toBe(true);
    expect(readdirSync(folder)).toEqual(['net']);
  });

  it.runIf(isRoot)('does not replace a file that its process may not write', () => {
    saveFile(path, contents[0]);
    chmodSync(folder, 0o777);
    expect(() => asNobody(() => saveFile(path, contents[1]))).toThrow(/EACCES/);
    expect(isFile(0)).toBe(true);
    expect(readdirSync(folder)).toEqual(['net']);
  });

  it.runIf(isRoot)('keeps the owner and the group', () => {
    saveFile(path, contents[0]);
    chownSync(path, 1234, 2345);
    chmodSync(path, 0o640);
    saveFile(path, contents[1]);
    const { uid, gid, mode } = statSync(path);
    expect([uid, gid, (mode & 0o777).toString(8)]).toEqual([1234, 2345, '640']);
    expect(isFile(1)).toBe(true);
  });

  it.runIf(isRoot)('keeps the group if the process belongs to it, even if it cannot keep the owner', () => {
    chmodSync(folder, 0o777);
    saveFile(path, contents[0]);
    chownSync(path, 1234, 2345);
    chmodSync(path, 0o664);
    asNobody(() => saveFile(path, contents[1]), [2345]);
    const { uid, gid, mode } = statSync(path);
    expect([uid, gid, (mode & 0o777).toString(8)]).toEqual([NOBODY, 2345, '664']);
    expect(isFile(1)).toBe(true);
  });

  it.runIf(isRoot)('gives a new group only the permissions of everybody, if the old group cannot be kept', () => {
    chmodSync(folder, 0o777);
    for (const [old, wanted] of [
      [0o662, 0o622],
      [0o666, 0o666],
      [0o602, 0o602],
    ]) {
      saveFile(path, contents[0]);
      chownSync(path, 1234, 2345);
      chmodSync(path, old);
      asNobody(() => saveFile(path, contents[1]));
      const { uid, gid, mode } = statSync(path);
      expect([uid, gid, (mode & 0o777).toString(8)]).toEqual([NOBODY, NOBODY, wanted.toString(8)]);
      rmSync(path);
    }
  });

  it('keeps others from reading the new file before it has the permissions of the old one', () => {
    saveFile(path, contents[0]);
    chmodSync(path, 0o640);
    if (isRoot) chownSync(path, 1234, 2345);
    const seen: string[] = [];
    const names = ['fchownSync', 'fchmodSync', 'writeSync', 'fsyncSync', 'closeSync', 'renameSync'] as const;
    const originals = names.map((name) => fs[name]);
    const patch = (patched: readonly unknown[]) => {
      for (const [i, name] of names.entries()) Object.assign(fs, { [name]: patched[i] });
      syncBuiltinESMExports();
    };
    patch(
      originals.map((original, i) => (...args: unknown[]) => {
        for (const name of readdirSync(folder).filter((name) => name.endsWith('.tmp'))) {
          const { mode, gid } = statSync(join(folder, name));
          seen.push(`${names[i]} ${(mode & 0o777).toString(8)} ${gid === statSync(path).gid}`);
        }
        return (original as (...args: unknown[]) => unknown)(...args);
      }),
    );
    try {
      saveFile(path, contents[1]);
    } finally {
      patch(originals);
    }
    expect(isFile(1)).toBe(true);
    expect(seen).toEqual([
      ...(isRoot ? ['fchownSync 600 false'] : []),
      'fchmodSync 600 true',
      'writeSync 640 true',
      'fsyncSync 640 true',
      'closeSync 640 true',
      'renameSync 640 true',
    ]);
  });
});

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
