/**
 * Saves files whole, in Node: a reader sees the old file or the new one, never a part.
 *
 * @module
 */

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
import { checkNoMore, outOfRange, quote, wrongType } from '../check/errors.js';
import { removeLeftovers, temporaryIn } from './leftovers.js';

/** The most bytes that one call writes. Node refuses more than 2 GiB. */
const MOST_BYTES = 2 ** 30;

/** Windows has no permissions, owners and folders that are files, as POSIX systems have. */
const IS_WINDOWS = process.platform === 'win32';

/**
 * Replaces a file as a whole, in Node: every reader of `path` sees either the complete old file or the complete new
 * one, even if the process is killed or the power fails during the call. The bytes are written to a file
 * `.simdprop-*.tmp` in the same folder and flushed to the disk; then the file is renamed and the folder is flushed. A
 * folder that may not be listed cannot be flushed: after a power failure, the old file may be there again.
 *
 * Links are followed. The new file gets the permissions of the old one, and its owner and group if the process is
 * allowed to give files away. If it is not, the group gets no permissions that everybody does not have. Other hard
 * links to the old file keep the old contents.
 *
 * The temporary file of a killed process is removed when another process first saves into the folder.
 *
 * @param path the path of the file
 * @param bytes its new contents, such as the result of `save`
 * @throws TypeError or RangeError, and changes nothing, if `path` leads to a read-only file or to something that is not
 *   a file (a folder, a device, a pipe), or if the bytes are detached; errors of the file system as they are: the old
 *   file is kept, except if only the last step, the flush of the folder, fails
 *
 * @example
 * import { mkdtempSync, readFileSync } from 'node:fs';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { Network } from 'simdprop';
 * import { saveFile } from 'simdprop/files';
 *
 * const file = join(mkdtempSync(join(tmpdir(), 'saved-')), 'net.simdprop');
 * const net = await Network.create({ inputs: 2, layers: [{ units: 1 }], seed: 1 });
 * saveFile(file, await net.save());
 * console.log((await Network.load(readFileSync(file))).parameters); // 3
 */
export function saveFile(path: string, bytes: Bytes, none?: undefined): void {
  checkNoMore('saveFile', 3, none);
  if (typeof path !== 'string' || path === '') {
    const way = typeof bytes === 'string' ? ': saveFile(path, bytes) has the path first' : '';
    throw wrongType('saveFile: path', path, `the path of a file, as a string (of a URL: fileURLToPath(url))${way}`);
  }
  const way = typeof Object(bytes).save === 'function' ? ': await its save()' : '';
  const contents = checkBytes('saveFile: bytes', bytes, `a Uint8Array or an ArrayBuffer, such as net.save()${way}`);
  const old = checkOldFile(path);
  const target = targetOf(path);
  const folder = dirname(target);
  removeLeftovers(folder);
  // opened before anything is changed, because an error after the rename would be too late
  const folderFile = openFolder(folder);
  try {
    replace(target, folder, contents, old);
    if (folderFile !== undefined) flushFolder(folderFile);
  } finally {
    if (folderFile !== undefined) closeSync(folderFile);
  }
}

/** The properties of the file that is replaced, or undefined if there is none. Refuses what may not be replaced. */
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
  // throws if this process may not write the file; a rename needs only the permission to write its folder
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
  // not the name of the target with an ending, because that name may already have the greatest possible length
  const temporary = temporaryIn(folder);
  try {
    // no other user may open the file before it has the owner and the permissions of the old file
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

/** Gives an open file the owner, the group and the permissions of the old file, as far as the process is allowed to. */
function takeOver(file: number, { uid, gid, mode }: Stats): void {
  const own = fstatSync(file);
  if (own.uid !== uid || own.gid !== gid) giveTo(file, uid, gid) || giveTo(file, own.uid, gid);
  const now = fstatSync(file);
  // if the group is not that of the old file, it gets the permissions that everybody has
  const forGroup = now.gid === gid ? 0o070 : (mode & 0o007) << 3;
  const permissions = mode & (0o707 | forGroup);
  // only if needed, because file systems without permissions refuse every change
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

/**
 * Opens a folder so that it can be flushed. Undefined if the folder may be written but not listed, and on Windows,
 * where folders cannot be opened and renames are written to a journal.
 */
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
    // some file systems, such as network drives, cannot flush folders
    if (!isOneOf(error, 'EINVAL', 'ENOTSUP', 'ENOSYS', 'EBADF')) throw error;
  }
}

const isOneOf = (error: unknown, ...codes: string[]) => codes.includes((error as NodeJS.ErrnoException).code ?? '');
