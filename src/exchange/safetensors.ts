import { checkIsObject, counted, outOfRange, quote, wrongType } from '../check/errors.js';
import { halvesOfFloats } from '../check/half-floats.js';
import { encodeUtf8 } from '../check/utf8.js';
import { parseUntrusted } from './json.js';
import { BYTES_OF, type Dtype, sizeOf, type Tensor, tensorOf } from './tensor.js';

// The container of safetensors, whatever tensors are in it: 8 bytes with the length of a header, the header, which is
// JSON { "name": { "dtype", "shape", "data_offsets": [start, end] }, ..., "__metadata__": { "key": "text" } }, and the
// numbers, one tensor after another without gaps.

const DTYPES: Readonly<Record<string, Dtype>> = {
  F64: 'f64',
  F32: 'f32',
  F16: 'f16',
  BF16: 'bf16',
  I64: 'i64',
  I32: 'i32',
  I16: 'i16',
  I8: 'i8',
  U64: 'u64',
  U32: 'u32',
  U16: 'u16',
  U8: 'u8',
  BOOL: 'bool',
};

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** The longest header that the format allows. */
const LONGEST_HEADER = 100_000_000;

/** The contents of a file, in the order of its data. Everything is checked as untrusted input. */
export function parseSafetensors(where: string, file: Uint8Array): SafetensorsFile {
  if (file.length < 8) throw outOfRange(where, counted(file.length, 'byte'), 'a safetensors file');
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  if (length > LONGEST_HEADER || 8 + length > file.length || file[8] !== 0x7b) {
    throw outOfRange(where, `a file whose first 8 bytes are no length of a header`, 'a safetensors file, complete');
  }
  const header = parseUntrusted(`${where}: header`, file.subarray(8, 8 + length));
  checkIsObject(`${where}: header`, header);
  const { __metadata__: metadata = {}, ...entries } = header as Record<string, unknown>;
  const data = file.subarray(8 + length);
  const found = Object.entries(entries)
    .map(([name, entry]) => checkEntry(where, name, entry))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  let end = 0;
  for (const entry of found) {
    if (entry.start !== end) throw outOfRange(entry.where, `data_offsets from ${entry.start}`, `${end}, without gaps`);
    end = entry.end;
  }
  if (end !== data.length)
    throw outOfRange(where, `${counted(data.length, 'byte')} of data`, `${end}, as the header says`);
  const tensors = found.map(({ name, where, dtype, shape, start, end }): [string, Tensor] => [
    name,
    tensorOf(where, dtype, shape, data.subarray(start, end)),
  ]);
  return { tensors: new Map(tensors), metadata: checkMetadata(where, metadata) };
}

interface Entry {
  readonly name: string;
  readonly where: string;
  readonly dtype: Dtype;
  readonly shape: number[];
  readonly start: number;
  readonly end: number;
}

function checkEntry(file: string, name: string, value: unknown): Entry {
  const where = `${file}: ${quote(name)}`;
  checkIsObject(where, value);
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  const known = typeof dtype === 'string' && Object.hasOwn(DTYPES, dtype) ? DTYPES[dtype] : undefined;
  if (!known) throw outOfRange(`${where}.dtype`, quote(String(dtype)), `one of ${Object.keys(DTYPES).join(', ')}`);
  if (!isCounts(shape)) throw wrongType(`${where}.shape`, shape, 'an array of sizes');
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw wrongType(`${where}.data_offsets`, offsets, '[start, end]');
  }
  const [start, end] = offsets;
  if (sizeOf(where, shape) * BYTES_OF[known] !== end - start) {
    throw outOfRange(where, counted(end - start, 'byte'), `${sizeOf(where, shape) * BYTES_OF[known]} for [${shape}]`);
  }
  return { name, where, dtype: known, shape, start, end };
}

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);

function checkMetadata(where: string, value: unknown): ReadonlyMap<string, string> {
  checkIsObject(`${where}: __metadata__`, value);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw wrongType(`${where}: __metadata__[${quote(key)}]`, text, 'a string');
  }
  return new Map(Object.entries(value as Record<string, string>));
}

/** A tensor to be written. */
export interface NewTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | Float64Array;
  /** true: floats are rounded to 16 bits. */
  readonly isHalf?: boolean;
}

interface Stored {
  readonly dtype: 'F16' | 'F32' | 'F64';
  readonly itemBytes: number;
  readonly bytes: Uint8Array;
}

/** The numbers of a tensor as a file has them. */
function stored({ values, isHalf }: NewTensor): Stored {
  if (values instanceof Float64Array) return { dtype: 'F64', itemBytes: 8, bytes: littleEndian(values) };
  if (isHalf) return { dtype: 'F16', itemBytes: 2, bytes: halvesOfFloats(values) };
  return { dtype: 'F32', itemBytes: 4, bytes: littleEndian(values) };
}

function littleEndian(values: Float32Array | Float64Array): Uint8Array {
  const bytes = new Uint8Array(values.byteLength);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) {
    if (values instanceof Float32Array) view.setFloat32(4 * i, value, true);
    else view.setFloat64(8 * i, value, true);
  }
  return bytes;
}

/** A file with these tensors. The widest numbers come first, so that all begin at a multiple of their size. */
export function joinSafetensors(
  tensors: readonly NewTensor[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const sorted = tensors.map((tensor) => ({ ...tensor, ...stored(tensor) })).sort((a, b) => b.itemBytes - a.itemBytes);
  let end = 0;
  const entries = sorted.map(({ name, shape, dtype, bytes }): [string, unknown] => {
    const start = end;
    end += bytes.length;
    return [name, { dtype, shape, data_offsets: [start, end] }];
  });
  const header = encodeUtf8(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }));
  const length = 8 * Math.ceil(header.length / 8);
  const file = new Uint8Array(8 + length + end).fill(0x20, 8, 8 + length);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(header, 8);
  let at = 8 + length;
  for (const { bytes } of sorted) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}
