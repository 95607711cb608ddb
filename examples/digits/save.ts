import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { CommandError, messageOf } from './error.js';

/** Before minutes of training, not after them: can a file be put there? */
export function checkOutput(path: string): void {
  const directory = dirname(resolve(path));
  try {
    accessSync(directory, constants.W_OK);
  } catch {
    throw new CommandError(`--output: got ${path}, want a file in a folder that exists and can be written`, 2);
  }
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new CommandError(`--output: got ${path}, a folder, want a file`, 2);
  }
}

/** Whoever reads `path` sees the old file or the whole new one, even where the power fails in between. */
export function saveAtomically(path: string, bytes: Uint8Array): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    const file = openSync(temporary, 'w');
    try {
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(file, bytes, written);
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new CommandError(`${path}: not saved: ${messageOf(error)}`, 1);
  }
}
