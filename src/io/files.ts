import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { wrongType } from '../check/errors.js';

/** Node writes no more than 2 GiB in a call. */
const MOST_BYTES = 2 ** 30;

/**
 * Writes a file as a whole, for Node: whoever reads `path`, at any time, sees the old file or the new one, also where the process is killed
 * or the power fails in between. The bytes go to `.simdprop-UUID.tmp` in the same folder, then to the disk, then the file is renamed, then
 * the folder goes to the disk. A link is followed, and the permissions of the old file stay. Throws what the file system throws, and leaves
 * nothing behind then; a process that is killed leaves its `.tmp` file.
 */
export function saveFile(path: string, bytes: Uint8Array): void {
  if (typeof path !== 'string' || path === '') throw wrongType('saveFile: path', path, 'the path of a file');
  if (!(bytes instanceof Uint8Array)) throw wrongType('saveFile: bytes', bytes, 'a Uint8Array');
  const target = targetOf(path);
  const folder = dirname(target);
  const old = statSync(target, { throwIfNoEntry: false });
  const mode = old && old.mode & 0o777;
  // not after the target, whose name may be as long as names can be
  const temporary = join(folder, `.simdprop-${randomUUID()}.tmp`);
  try {
    const write = (file: number) => {
      // what the umask has taken off
      if (mode !== undefined) fchmodSync(file, mode);
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(file, bytes, written, Math.min(bytes.length - written, MOST_BYTES));
      }
      fsyncSync(file);
    };
    withFile(temporary, 'wx', write, mode);
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  // Windows opens no folders; its renames are in the journal
  if (process.platform !== 'win32') withFile(folder, 'r', fsyncSync);
}

/** Where a link leads to, also where nothing is yet: the link itself stays one. */
function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const folder = realpathSync(dirname(path));
  const target = join(folder, basename(path));
  const isLink = lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink();
  return isLink ? targetOf(resolve(folder, readlinkSync(target))) : target;
}

function withFile(path: string, flags: string, use: (file: number) => void, mode?: number): void {
  const file = openSync(path, flags, mode);
  try {
    use(file);
  } finally {
    closeSync(file);
  }
}
