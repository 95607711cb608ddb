import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { saveFile } from 'simdprop/files';
import { CommandError, messageOf } from './error.js';

/** Checks that a file can be written to this path. This happens before minutes of training, not after them. */
export function checkOutput(path: string): void {
  const directory = dirname(resolve(path));
  try {
    accessSync(directory, constants.W_OK);
  } catch {
    throw new CommandError(`--output: got ${path}, want a file in a folder that exists and can be written`, 2);
  }
  const old = statSync(path, { throwIfNoEntry: false });
  if (old && !old.isFile()) {
    throw new CommandError(`--output: got ${path}, ${old.isDirectory() ? 'a folder' : 'no file'}, want a file`, 2);
  }
  if (old && (old.mode & 0o222) === 0) {
    throw new CommandError(`--output: got ${path}, a read-only file, want one that may be written`, 2);
  }
}

export function saveOutput(path: string, bytes: Uint8Array): void {
  try {
    saveFile(path, bytes);
  } catch (error) {
    throw new CommandError(`${path}: not saved: ${messageOf(error)}`, 1);
  }
}
