import { outOfRange, quote } from '../check/errors.js';
import type { SearchLog } from './log.js';

/** A log in a file, which is made if there is none. In hosts that have Node's file system. */
export function logFile(path: string): SearchLog {
  const fs = globalThis.process?.getBuiltinModule?.('node:fs');
  if (!fs) {
    throw outOfRange('options.log', `${quote(path)} where there are no files`, 'an object { read(), append(text) }');
  }
  return {
    read: () => (fs.existsSync(path) ? fs.readFileSync(path, 'utf8') : ''),
    append: (text) => fs.appendFileSync(path, text),
  };
}
