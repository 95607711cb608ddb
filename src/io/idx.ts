/**
 * Reads IDX files, in which MNIST and Fashion-MNIST are offered.
 *
 * @module
 */

import { type Bytes, checkBytes } from '../check/bytes.js';
import { foreignContents } from '../check/contents.js';
import { checkNoMore, counted, outOfRange, wrongType } from '../check/errors.js';
import { gunzip, isGzip } from './gunzip.js';

// The IDX format of the MNIST files: two zero bytes, one byte for the type, one for the number of dimensions, a u32 for
// each dimension, then the numbers. Everything is big-endian.

/** The numbers of an IDX file, in arrays that `fit` accepts as inputs. Integers are accepted as labels, too. */
export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** The result of `parseIdx` and `readIdx`. */
export interface IdxFile {
  /** The size of each dimension. There is at least one, and each is at least 1. */
  shape: number[];
  /**
   * The numbers, row-major, in the array of their type. Arrays of bytes are views of the file, or of what it contains
   * if it is compressed; all others are copies.
   */
  data: IdxData;
}

/** A source of bytes, such as a Blob, the File of an input element, or the Response of fetch. */
export interface BytesSource {
  /**
   * Reads all bytes, as the method of Blob, File and Response does.
   *
   * @returns the bytes
   */
  arrayBuffer(): Promise<ArrayBuffer>;
}

interface NumberType {
  readonly name: string;
  readonly bytes: number;
  readonly make: (file: Uint8Array, start: number, count: number) => IdxData;
}

/** Reads one number at a time, because files are big-endian and most machines are little-endian. */
function numberType<T extends Exclude<IdxData, Uint8Array | Int8Array>>(
  name: string,
  bytes: number,
  create: (count: number) => T,
  read: (view: DataView, at: number) => number,
): NumberType {
  const make = (file: Uint8Array, start: number, count: number) => {
    const data = create(count);
    const view = new DataView(file.buffer, file.byteOffset + start);
    for (let i = 0; i < count; i++) data[i] = read(view, i * bytes);
    return data;
  };
  return { name, bytes, make };
}

const TYPES: Readonly<Record<number, NumberType>> = {
  8: {
    name: 'u8',
    bytes: 1,
    make: ({ buffer, byteOffset }, start, count) => new Uint8Array(buffer, byteOffset + start, count),
  },
  9: {
    name: 'i8',
    bytes: 1,
    make: ({ buffer, byteOffset }, start, count) => new Int8Array(buffer, byteOffset + start, count),
  },
  11: numberType(
    'i16',
    2,
    (count) => new Int16Array(count),
    (view, at) => view.getInt16(at),
  ),
  12: numberType(
    'i32',
    4,
    (count) => new Int32Array(count),
    (view, at) => view.getInt32(at),
  ),
  13: numberType(
    'f32',
    4,
    (count) => new Float32Array(count),
    (view, at) => view.getFloat32(at),
  ),
  14: numberType(
    'f64',
    8,
    (count) => new Float64Array(count),
    (view, at) => view.getFloat64(at),
  ),
};

/** The length of a header of 255 dimensions, which is the greatest number. */
const MOST_HEADER_BYTES = 4 + 4 * 255;

const WANTED_BYTES = 'a Uint8Array or an ArrayBuffer with the contents of an IDX file';

/**
 * Reads the numbers of an IDX file that is not compressed.
 *
 * @param bytes the whole file
 * @param name the beginning of error messages, for example a path
 * @returns the shape and the numbers
 * @throws TypeError or RangeError if the bytes are not a complete IDX file, for example if the file is compressed, cut
 *   short or an HTML page
 *
 * @example
 * import { parseIdx } from 'simdprop/idx';
 *
 * // two bytes 0, the type, the number of dimensions, their sizes, the numbers
 * const file = new Uint8Array([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 10, 20, 30, 40, 50, 60]);
 * const { shape, data } = parseIdx(file);
 * console.log(shape, data); // [ 2, 3 ] Uint8Array(6) [ 10, 20, 30, 40, 50, 60 ]
 */
export function parseIdx(bytes: Bytes, name = 'idx', none?: undefined): IdxFile {
  checkNoMore('parseIdx', 3, none);
  checkPrefix(name);
  const file = checkBytes(name, bytes, WANTED_BYTES);
  const { type, shape, headerBytes, count, fileBytes } = readHeader(name, file);
  if (file.length !== fileBytes) {
    const wanted = `${fileBytes} (a header of ${headerBytes} and ${shape.join(' × ')} ${type.name})`;
    const reason = file.length < fileBytes ? 'the file is cut short' : 'there are more bytes after the numbers';
    throw outOfRange(name, counted(file.length, 'byte'), `${wanted}: ${reason}`);
  }
  return { shape, data: type.make(file, headerBytes, count) };
}

/**
 * Reads the numbers of an IDX file that may be compressed with gzip, as the files of MNIST and Fashion-MNIST are
 * offered. Stops decompressing where the header says that the file ends.
 *
 * @param source the file as bytes, or a Blob, File or Response
 * @param name the beginning of error messages, for example a path
 * @returns the shape and the numbers
 * @throws TypeError or RangeError as `parseIdx` does; RangeError if the compressed data are damaged or cut short
 *
 * @example
 * import { readIdx } from 'simdprop/idx';
 *
 * // in a page: await readIdx(await fetch('train-labels-idx1-ubyte.gz'))
 * const { shape, data } = await readIdx(new Blob([new Uint8Array([0, 0, 8, 1, 0, 0, 0, 2, 7, 3])]));
 * console.log(shape, data); // [ 2 ] Uint8Array(2) [ 7, 3 ]
 */
export async function readIdx(source: Bytes | BytesSource, name = 'idx', none?: undefined): Promise<IdxFile> {
  checkNoMore('readIdx', 3, none);
  checkPrefix(name);
  const isSource = typeof (source as BytesSource | undefined)?.arrayBuffer === 'function';
  const bytes = isSource ? await (source as BytesSource).arrayBuffer() : source;
  const file = checkBytes(name, bytes, `${WANTED_BYTES}, or a Blob or a Response of them`);
  if (!isGzip(file)) return parseIdx(file, name);
  // a copy: the caller may change the bytes while they are unpacked
  return parseIdx(await unpack(name, isSource ? file : new Uint8Array(file)), name);
}

/** Refuses an index in place of a name, which `files.map(parseIdx)` would give. */
function checkPrefix(name: unknown): void {
  if (typeof name !== 'string') throw wrongType('name', name, 'a text, the beginning of messages');
}

async function unpack(name: string, file: Uint8Array): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  let fileBytes: number | undefined;
  for await (const part of gunzip(name, file)) {
    parts.push(part);
    length += part.length;
    if (length >= MOST_HEADER_BYTES) fileBytes ??= readHeader(name, joined(parts, length)).fileBytes;
    if (length > (fileBytes ?? length)) {
      throw outOfRange(name, `${counted(length, 'byte')} or more when unpacked`, `${fileBytes}, as the header says`);
    }
  }
  return joined(parts, length);
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

interface Header {
  readonly type: NumberType;
  readonly shape: number[];
  readonly headerBytes: number;
  /** The number of numbers. */
  readonly count: number;
  readonly fileBytes: number;
}

function readHeader(name: string, file: Uint8Array): Header {
  const { length } = file;
  if (length < 4) throw outOfRange(name, counted(length, 'byte'), 'an IDX file, which has at least 8');
  const view = new DataView(file.buffer, file.byteOffset, length);
  const magic = view.getUint32(0);
  const type = magic < 0x10000 ? TYPES[magic >> 8] : undefined;
  const rank = magic & 0xff;
  if (!type || rank === 0) throw foreignFile(name, file, magic);
  const headerBytes = 4 + 4 * rank;
  if (length < headerBytes)
    throw outOfRange(name, counted(length, 'byte'), `a header of ${headerBytes}: the file is cut short`);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  if (shape.includes(0)) throw outOfRange(name, `dimensions ${shape.join(' × ')}`, 'each at least 1');
  const count = shape.reduce((product, dimension) => product * dimension, 1);
  return { type, shape, headerBytes, count, fileBytes: headerBytes + count * type.bytes };
}

function foreignFile(name: string, file: Uint8Array, magic: number): RangeError {
  if (isGzip(file)) return outOfRange(name, 'gzip data', 'an IDX file: await readIdx(bytes) unpacks them');
  const foreign = foreignContents(file);
  if (foreign) return outOfRange(name, foreign, 'an IDX file');
  const isLittleEndian = magic % 0x10000 === 0 && TYPES[(magic >> 16) & 0xff] !== undefined;
  const hint = isLittleEndian ? ': the file is little-endian, IDX is big-endian' : '';
  const got = `magic number 0x${magic.toString(16).padStart(8, '0')}`;
  return outOfRange(name, got, `0x0000TTNN, type TT one of 08 09 0b 0c 0d 0e and NN dimensions, 1 or more${hint}`);
}
