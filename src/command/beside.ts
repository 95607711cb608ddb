import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, sep, win32 } from 'node:path';
import { outOfRange, quote } from '../check/errors.js';
import { printable } from './terminal.js';

// Models may keep their weights in files beside them, and name these files. The names are untrusted: the author of the
// model could name any file of this machine.

/** The bytes by name, and the paths, of files that are all in the folder of the model or in one below it. */
export function readBeside(
  model: string,
  names: readonly string[],
): { files: Record<string, Uint8Array>; paths: string[] } {
  const paths = names.map((name) => pathBeside(model, name));
  const files = Object.fromEntries(names.map((name, i) => [name, new Uint8Array(readFileSync(paths[i]))]));
  return { files, paths };
}

/** The path of a file that a model names. Throws a RangeError if it is not in the folder of the model. */
function pathBeside(model: string, name: string): string {
  const where = `${printable(model)}: weights in ${quote(name, 200)}`;
  const wanted = 'the name of a file in the folder of the model';
  const parts = name.split(/[/\\]/);
  // absolute paths of Windows are refused on every system, because they make no sense on others
  const isOutside = win32.isAbsolute(name) || /^[a-z]:/i.test(name) || parts.includes('..') || name.includes('\0');
  if (name === '' || isOutside) throw outOfRange(where, 'a path that leads elsewhere', wanted);
  const path = join(dirname(model), name);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw outOfRange(where, 'no such file', `it: ${quote(path, 400)}`);
  if (!stats.isFile()) throw outOfRange(where, 'what is no file', wanted);
  const folder = realpathSync(dirname(model));
  if (!realpathSync(path).startsWith(folder.endsWith(sep) ? folder : folder + sep)) {
    throw outOfRange(where, 'a link that leads elsewhere', wanted);
  }
  return path;
}
