import { execFileSync } from 'node:child_process';
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
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { saveFile } from '../src/io/files.js';
import { twoCheckpoints } from './two-checkpoints.js';

const isRoot = process.getuid?.() === 0;

let folder: string;
let path: string;
let contents: Uint8Array[];

beforeAll(async () => {
  contents = await twoCheckpoints();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simdprop-files-'));
  path = join(folder, 'net');
  return () => rmSync(folder, { recursive: true });
});

const isFile = (n: number) => Buffer.compare(readFileSync(path), contents[n]) === 0;

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
