import { counted, outOfRange, quote } from '../check/errors.js';
import { fromHalf } from '../check/half-floats.js';

// Arrays of numbers with a shape, as files store them: little-endian, row-major.

export interface Tensor {
  readonly shape: readonly number[];
  /** The numbers in their own precision; those of integers and halves as doubles. */
  readonly values: Float32Array | Float64Array;
  /** true: the file stores them as integers. */
  readonly isInteger?: boolean;
}

/** How the numbers of a file are stored. */
export type Dtype =
  | 'f64'
  | 'f32'
  | 'f16'
  | 'bf16'
  | 'i64'
  | 'i32'
  | 'i16'
  | 'i8'
  | 'u64'
  | 'u32'
  | 'u16'
  | 'u8'
  | 'bool';

export const BYTES_OF: Readonly<Record<Dtype, number>> = {
  f64: 8,
  f32: 4,
  f16: 2,
  bf16: 2,
  i64: 8,
  i32: 4,
  i16: 2,
  i8: 1,
  u64: 8,
  u32: 4,
  u16: 2,
  u8: 1,
  bool: 1,
};

/** PyTorch has as many at most, other programs fewer. */
export const MOST_AXES = 64;

/**
 * The number of items of a shape. Throws a RangeError if that is no whole number that can be counted exactly: a file
 * that claims more is damaged, or written to do harm.
 */
export function sizeOf(where: string, shape: readonly number[]): number {
  if (shape.length > MOST_AXES) throw outOfRange(where, `${shape.length} axes`, `at most ${MOST_AXES}`);
  let size = 1;
  for (const dim of shape) {
    if (!Number.isSafeInteger(dim) || dim < 0) throw outOfRange(where, `the shape [${shape}]`, 'sizes from 0 up');
    size *= dim;
  }
  if (!Number.isSafeInteger(size)) throw outOfRange(where, `the shape [${shape}]`, 'a shape that memory can hold');
  return size;
}

/** The tensor of this shape in `bytes`, which must be exactly as long as it needs. */
export function tensorOf(where: string, dtype: Dtype, shape: readonly number[], bytes: Uint8Array): Tensor {
  const wanted = sizeOf(where, shape) * BYTES_OF[dtype];
  if (bytes.length !== wanted) {
    throw outOfRange(where, counted(bytes.length, 'byte'), `${wanted} for ${dtype} of shape [${shape}]`);
  }
  return { shape, values: numbersOf(dtype, bytes), ...(isInteger(dtype) && { isInteger: true }) };
}

export const isInteger = (dtype: Dtype): boolean => /^[iu]\d/.test(dtype);

/** The numbers that `bytes` hold. */
export function numbersOf(dtype: Dtype, bytes: Uint8Array): Float32Array | Float64Array {
  const count = Math.floor(bytes.length / BYTES_OF[dtype]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = READERS[dtype];
  return fill(dtype === 'f32' ? new Float32Array(count) : new Float64Array(count), (i) => read(view, i));
}

function fill<T extends Float32Array | Float64Array>(values: T, read: (i: number) => number): T {
  for (let i = 0; i < values.length; i++) values[i] = read(i);
  return values;
}

/** Number `i` of an array in memory. */
export const READERS: Readonly<Record<Dtype, (view: DataView, i: number) => number>> = {
  f32: (view, i) => view.getFloat32(4 * i, true),
  f64: (view, i) => view.getFloat64(8 * i, true),
  f16: (view, i) => fromHalf(view.getUint16(2 * i, true)),
  // the upper half of an f32
  bf16: (view, i) => fromBits(view.getUint16(2 * i, true) << 16),
  i64: (view, i) => Number(view.getBigInt64(8 * i, true)),
  i32: (view, i) => view.getInt32(4 * i, true),
  i16: (view, i) => view.getInt16(2 * i, true),
  i8: (view, i) => view.getInt8(i),
  u64: (view, i) => Number(view.getBigUint64(8 * i, true)),
  u32: (view, i) => view.getUint32(4 * i, true),
  u16: (view, i) => view.getUint16(2 * i, true),
  u8: (view, i) => view.getUint8(i),
  bool: (view, i) => Number(view.getUint8(i) !== 0),
};

const word = new DataView(new ArrayBuffer(4));

/** The f32 with these bits. */
function fromBits(bits: number): number {
  word.setInt32(0, bits);
  return word.getFloat32(0);
}

/** The numbers rounded to 32 bits. Throws a RangeError for numbers that are not finite then. */
export function floatsOf(where: string, values: ArrayLike<number>): Float32Array {
  const floats = Float32Array.from(values);
  const bad = floats.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw outOfRange(`${where}[${bad}]`, values[bad], 'a number that is finite in 32 bits');
  return floats;
}

/** [rows × columns], row-major, becomes [columns × rows]. */
export function transposed(values: ArrayLike<number>, rows: number, columns: number): Float64Array {
  const result = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) result[c * rows + r] = values[r * columns + c];
  return result;
}

/** The names of tensors with their shapes, for messages: at most 12 of them. */
export function listOf(tensors: ReadonlyMap<string, Tensor>): string {
  const all = [...tensors].map(([name, { shape }]) => `${quote(name)} [${shape}]`);
  return all.length > 12 ? `${all.slice(0, 12).join(', ')} and ${all.length - 12} others` : all.join(', ');
}
