import { outOfRange, wrongType } from '../check/errors.js';

// The IDX format of the MNIST files: two zero bytes, one byte for the type, one for the number of dimensions, a u32 for
// each dimension, then the numbers. Everything is big-endian.

/** The numbers of an IDX file, in the array of their type. */
export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** The result of `parseIdx`. */
export interface IdxFile {
  /** The size of each dimension. There is at least one, and each is at least 1. */
  shape: number[];
  /** The numbers, row-major. Arrays of bytes are views of the file; all others are copies. */
  data: IdxData;
}

interface NumberType {
  readonly name: string;
  readonly bytes: number;
  readonly make: (file: Uint8Array, start: number, count: number) => IdxData;
}

/** Reads one number at a time, because files are big-endian and most machines are little-endian. */
function reader<T extends IdxData>(create: (count: number) => T, read: (view: DataView, offset: number) => number) {
  return (file: Uint8Array, start: number, count: number): T => {
    const data = create(count);
    const view = new DataView(file.buffer, file.byteOffset + start);
    for (let i = 0; i < count; i++) data[i] = read(view, i * data.BYTES_PER_ELEMENT);
    return data;
  };
}

const TYPES: Readonly<Record<number, NumberType>> = {
  8: { name: 'u8', bytes: 1, make: (file, start, count) => file.subarray(start, start + count) },
  9: { name: 'i8', bytes: 1, make: (file, start, count) => new Int8Array(file.buffer, file.byteOffset + start, count) },
  11: {
    name: 'i16',
    bytes: 2,
    make: reader(
      (count) => new Int16Array(count),
      (view, offset) => view.getInt16(offset),
    ),
  },
  12: {
    name: 'i32',
    bytes: 4,
    make: reader(
      (count) => new Int32Array(count),
      (view, offset) => view.getInt32(offset),
    ),
  },
  13: {
    name: 'f32',
    bytes: 4,
    make: reader(
      (count) => new Float32Array(count),
      (view, offset) => view.getFloat32(offset),
    ),
  },
  14: {
    name: 'f64',
    bytes: 8,
    make: reader(
      (count) => new Float64Array(count),
      (view, offset) => view.getFloat64(offset),
    ),
  },
};

const GZIP = 0x1f8b;

/**
 * Reads the numbers of an IDX file and their shape. `name`: the beginning of error messages, for example a path. Throws
 * a TypeError if `bytes` is no Uint8Array, and a RangeError if it is not a complete, uncompressed IDX file.
 *
 * @example
 * const images = parseIdx(await readFile('train-images-idx3-ubyte')); // shape [60000, 28, 28], data Uint8Array
 */
export function parseIdx(bytes: Uint8Array, name = 'idx'): IdxFile {
  if (!(bytes instanceof Uint8Array)) throw wrongType(name, bytes, 'a Uint8Array with the contents of an IDX file');
  const { length } = bytes;
  if (length < 4) throw outOfRange(name, `${length} bytes`, 'an IDX file, which has 8 at least');
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const magic = view.getUint32(0);
  const type = magic < 0x10000 ? TYPES[magic >> 8] : undefined;
  const rank = magic & 0xff;
  if (!type || rank === 0) {
    const got = `magic number 0x${magic.toString(16).padStart(8, '0')}`;
    const hint = magic >>> 16 === GZIP ? ': the file is compressed' : '';
    throw outOfRange(name, got, `0x0000TTNN, type TT one of 08 09 0b 0c 0d 0e and NN dimensions, 1 or more${hint}`);
  }
  const headerBytes = 4 + 4 * rank;
  if (length < headerBytes) throw outOfRange(name, `${length} bytes`, `a header of ${headerBytes}`);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const dimensions = shape.join(' × ');
  if (shape.includes(0)) throw outOfRange(name, `dimensions ${dimensions}`, 'each at least 1');
  const count = shape.reduce((product, dimension) => product * dimension, 1);
  const wanted = headerBytes + count * type.bytes;
  if (length !== wanted) {
    throw outOfRange(name, `${length} bytes`, `${wanted} (a header of ${headerBytes} and ${dimensions} ${type.name})`);
  }
  return { shape, data: type.make(bytes, headerBytes, count) };
}
