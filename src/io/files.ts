import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Bytes, checkBytes } from '../check/bytes.js';
import { outOfRange, quote, wrongType } from '../check/errors.js';
import { removeLeftovers, temporaryIn } from './leftovers.js';

/** The most bytes that one call writes. Node refuses more than 2 GiB. */
const MOST_BYTES = 2 ** 30;

/** Its modes, owners and folders are not those of POSIX. */
const IS_WINDOWS = process.platform === 'win32';

/**
 * Writes a file as a whole, for Node: whoever reads `path`, at any time, sees the old file or the new one, also where the process is killed
 * or the power fails in between. The bytes go to a file `.simdprop-*.tmp` in the same folder, then to the disk, then the file is renamed,
 * then the folder goes to the disk (where it may be opened: else the old file may be back after a power failure).
 *
 * A link is followed. The permissions of the old file stay, and so do its owner and group where the process may give files away; where it
 * may not, the group is allowed no more than everybody. Other hard links to the old file keep the old file.
 *
 * Refused, with nothing changed: a read-only file, what is no file (a folder, a device, a pipe), detached bytes. Throws what the file system
 * throws, and leaves nothing behind then; only where the folder cannot be flushed is the new file in place. What a killed process leaves is
 * removed by the first save of another one into the folder.
 */
export function saveFile(path: string, bytes: Bytes): void {
  if (typeof path !== 'string' || path === '') {
    throw wrongType('saveFile: path', path, 'the path of a file, as a string (of a URL: fileURLToPath(url))');
  }
  const contents = checkBytes('saveFile: bytes', bytes, 'a Uint8Array or an ArrayBuffer, such as net.save()');
  const old = checkOldFile(path);
  const target = targetOf(path);
  const folder = dirname(target);
  removeLeftovers(folder);
  // before anything is changed, so that what cannot be opened now throws now
  const folderFile = openFolder(folder);
  try {
    replace(target, folder, contents, old);
    if (folderFile !== undefined) flushFolder(folderFile);
  } finally {
    if (folderFile !== undefined) closeSync(folderFile);
  }
}

/** What is there already and may be replaced. */
function checkOldFile(path: string): Stats | undefined {
  const old = statSync(path, { throwIfNoEntry: false });
  if (!old) return undefined;
  const refuse = (kind: string, wanted: string) =>
    outOfRange('saveFile: path', `${quote(path, 4096)}, ${kind}`, wanted);
  if (!old.isFile()) {
    const hint = old.isDirectory() ? '' : ': writeFileSync of node:fs writes into what is there';
    throw refuse(kindOf(old), `the path of a file, or one where nothing is yet${hint}`);
  }
  if ((old.mode & 0o222) === 0) {
    throw refuse('a read-only file', 'one that may be written (chmod u+w), or another path');
  }
  // a rename asks whether the folder may be written, and no more
  closeSync(openSync(path, constants.O_WRONLY));
  return old;
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a pipe';
  return stats.isSocket() ? 'a socket' : 'a device';
}

/** The path that links lead to, even if there is no file yet. The links themselves are kept. */
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

function replace(target: string, folder: string, contents: Uint8Array, old: Stats | undefined): void {
  // not named after the target, whose name may be as long as names can be
  const temporary = temporaryIn(folder);
  try {
    // nobody else's until it has the owner and the permissions of the old one
    const file = openSync(temporary, 'wx', old ? 0o600 : 0o666);
    try {
      if (old && !IS_WINDOWS) takeOver(file, old);
      for (let written = 0; written < contents.length; ) {
        written += writeSync(file, contents, written, Math.min(contents.length - written, MOST_BYTES));
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Gives an open file the owner, the group and the permissions of another one, as far as the process may. */
function takeOver(file: number, { uid, gid, mode }: Stats): void {
  const own = fstatSync(file);
  if (own.uid !== uid || own.gid !== gid) giveTo(file, uid, gid) || giveTo(file, own.uid, gid);
  const now = fstatSync(file);
  // a group that is another one is allowed no more than everybody
  const forGroup = now.gid === gid ? 0o070 : (mode & 0o007) << 3;
  const permissions = mode & (0o707 | forGroup);
  // file systems without permissions of their own refuse to be asked
  if (permissions !== (now.mode & 0o777)) fchmodSync(file, permissions);
}

function giveTo(file: number, uid: number, gid: number): boolean {
  try {
    fchownSync(file, uid, gid);
    return true;
  } catch {
    return false;
  }
}

/** None for a folder in which files may be put, but not listed, and on Windows, which opens none: its renames are in the journal. */
function openFolder(folder: string): number | undefined {
  if (IS_WINDOWS) return undefined;
  try {
    return openSync(folder, 'r');
  } catch (error) {
    if (isOneOf(error, 'EACCES', 'EPERM')) return undefined;
    throw error;
  }
}

function flushFolder(file: number): void {
  try {
    fsyncSync(file);
  } catch (error) {
    // file systems that flush no folders, such as those of some networks
    if (!isOneOf(error, 'EINVAL', 'ENOTSUP', 'ENOSYS', 'EBADF')) throw error;
  }
}

const isOneOf = (error: unknown, ...codes: string[]) => codes.includes((error as NodeJS.ErrnoException).code ?? '');
