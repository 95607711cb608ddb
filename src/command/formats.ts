import { foreignContents } from '../check/contents.js';
import { outOfRange, quote } from '../check/errors.js';
import { formatOf, type NetworkFormat } from '../check/network-files.js';
import { UsageError } from './failure.js';

// The formats of networks that the command reads and writes, and how it tells them apart: by what a file contains, and
// by the ending of its name where the contents do not say it.

export const READABLE = [
  'simdprop',
  'onnx',
  'safetensors',
  'pytorch',
  'keras',
  'tfjs',
  'brain',
  'fann',
] as const satisfies readonly NetworkFormat[];
export const WRITABLE = ['simdprop', 'onnx', 'safetensors', 'js', 'c'] as const;

export type Readable = NetworkFormat;
export type Writable = (typeof WRITABLE)[number];

const READ_ENDINGS: Readonly<Record<string, Readable>> = {
  simdprop: 'simdprop',
  onnx: 'onnx',
  safetensors: 'safetensors',
  pt: 'pytorch',
  pth: 'pytorch',
  ckpt: 'pytorch',
  keras: 'keras',
  h5: 'keras',
  hdf5: 'keras',
  net: 'fann',
};

const WRITE_ENDINGS: Readonly<Record<string, Writable>> = {
  simdprop: 'simdprop',
  onnx: 'onnx',
  safetensors: 'safetensors',
  js: 'js',
  mjs: 'js',
  h: 'c',
};

/** The format to write in place of one that only other programs write. */
const IN_PLACE: Readonly<Record<string, string>> = {
  pt: 'a .safetensors file, which PyTorch reads',
  pth: 'a .safetensors file, which PyTorch reads',
  keras: 'an .onnx file',
  h5: 'an .onnx file',
  json: 'an .onnx file, or a .js module',
  net: 'a .h header of C',
};

/** The ending of a file's name, in small letters and without the dot. */
export const endingOf = (path: string): string => /\.([^./\\]*)$/.exec(path)?.[1].toLowerCase() ?? '';

const ofTable = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

/** Endings of files that are no networks. */
const OTHER_ENDINGS = ['csv', 'tsv', 'txt', 'svg', 'png', 'jpg'];

/** True for the ending of another format than that of this library. */
export function isOfOtherFormat(ending: string): boolean {
  if (ending === 'simdprop') return false;
  const tables = [READ_ENDINGS, WRITE_ENDINGS, IN_PLACE];
  return OTHER_ENDINGS.includes(ending) || tables.some((table) => Object.hasOwn(table, ending));
}

/** The format of a file that is to be read. */
export function readableOf(path: string, bytes: Uint8Array): Readable {
  const found = formatOf(bytes);
  if (found) return found;
  const foreign = foreignContents(bytes);
  if (foreign) throw outOfRange(quote(path, 400), foreign, 'the file of a network');
  const known = ofTable(READ_ENDINGS, endingOf(path));
  if (known) return known;
  const wanted = `--from, with one of ${READABLE.join(', ')}`;
  throw new UsageError(`${quote(path, 400)}: got contents and an ending that name no format, want ${wanted}`);
}

/** The format of a file that is to be written. */
export function writableOf(path: string): Writable {
  const ending = endingOf(path);
  const known = ofTable(WRITE_ENDINGS, ending);
  if (known) return known;
  const place = ofTable(IN_PLACE, ending);
  const wanted = place ?? `.${Object.keys(WRITE_ENDINGS).join(', .')}, or --to with one of ${WRITABLE.join(', ')}`;
  throw new UsageError(`${quote(path, 400)}: got an ending of no format that is written, want ${wanted}`);
}
