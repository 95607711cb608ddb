import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { wrongType } from '../errors.js';

/**
 * Writes a file as a whole, for Node: whoever reads `path`, at any time, sees the old file or the new one, also where the process is killed
 * or the power fails in between. The bytes go to `.NAME.UUID.tmp` in the same folder, then to the disk, then the file is renamed, then the
 * folder goes to the disk. A link is followed. Throws what the file system throws, and leaves nothing behind then; a process that is killed
 * leaves its `.tmp` file.
 */
export function saveFile(path: string, bytes: Uint8Array): void {
  if (typeof path !== 'string' || path === '') throw wrongType('saveFile: path', path, 'the path of a file');
  if (!(bytes instanceof Uint8Array)) throw wrongType('saveFile: bytes', bytes, 'a Uint8Array');
  const target = targetOf(path);
  const folder = dirname(target);
  const temporary = join(folder, `.${basename(target)}.${randomUUID()}.tmp`);
  try {
    withFile(temporary, 'wx', (file) => {
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
      fsyncSync(file);
    });
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  // Windows opens no folders; its renames are in the journal
  if (process.platform !== 'win32') withFile(folder, 'r', fsyncSync);
}

/** Where a link leads to: the link itself stays one. */
function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // not there yet
    return resolve(path);
  }
}

function withFile(path: string, flags: string, use: (file: number) => void): void {
  const file = openSync(path, flags);
  try {
    use(file);
  } finally {
    closeSync(file);
  }
}
