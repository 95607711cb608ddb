import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { quote } from '../check/errors.js';
import { saveFile } from '../io/files.js';
import { UsageError } from './failure.js';

/** Refuses a path that cannot be written later, so that no training is lost. */
export function checkPath(flag: string, path: string | undefined): void {
  if (path === undefined) return;
  if (path === '' || path === '-') throw new UsageError(`--${flag}: got ${quote(path)}, want the path of a file`);
  const folder = statSync(dirname(path), { throwIfNoEntry: false });
  if (!folder?.isDirectory()) throw new Error(`--${flag}: got ${quote(path, 400)}, whose folder does not exist`);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Error(`--${flag}: got ${quote(path, 400)}, a folder, want the path of a file`);
  }
}

/** Replaces a file by a text as a whole. */
export function saveText(path: string, text: string): void {
  saveFile(path, new TextEncoder().encode(text));
}
