import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type IdxData, parseIdx } from '../src/io/idx.js';
import { createNetwork } from './build.js';
import { randomNumbers, SEED } from './random-numbers.js';

const runs = { seed: SEED, numRuns: 300 };

type Write = (view: DataView, at: number, value: number) => void;
interface Type {
  code: number;
  Data: new (values: Iterable<number>) => IdxData;
  put: Write;
}
const TYPES: Type[] = [
  { code: 0x08, Data: Uint8Array, put: (view, at, value) => view.setUint8(at, value) },
  { code: 0x09, Data: Int8Array, put: (view, at, value) => view.setInt8(at, value) },
  { code: 0x0b, Data: Int16Array, put: (view, at, value) => view.setInt16(at, value) },
  { code: 0x0c, Data: Int32Array, put: (view, at, value) => view.setInt32(at, value) },
  { code: 0x0d, Data: Float32Array, put: (view, at, value) => view.setFloat32(at, value) },
  { code: 0x0e, Data: Float64Array, put: (view, at, value) => view.setFloat64(at, value) },
];
const [BYTES] = TYPES;

/** The file of these numbers, at an odd address of a larger buffer. */
function write({ code, put }: Type, shape: number[], data: IdxData): Uint8Array {
  const header = 4 + 4 * shape.length;
  const buffer = new ArrayBuffer(header + data.byteLength + 8);
  const view = new DataView(buffer, 3, header + data.byteLength);
  view.setUint32(0, (code << 8) | shape.length);
  shape.forEach((dimension, i) => {
    view.setUint32(4 + 4 * i, dimension);
  });
  data.forEach((value, i) => {
    put(view, header + i * data.BYTES_PER_ELEMENT, value);
  });
  return new Uint8Array(buffer, 3, view.byteLength);
}

const text = (characters: string) => new TextEncoder().encode(characters);

describe('parseIdx', () => {
  it('reads a file written by hand', () => {
    const file = Uint8Array.of(0, 0, 0x0b, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0x01, 0x02, 0xff, 0xfe);
    expect(parseIdx(file)).toEqual({ shape: [2, 1], data: Int16Array.of(258, -2) });
    expect(parseIdx(Uint8Array.of(0, 0, 0x0d, 1, 0, 0, 0, 1, 0x3f, 0x80, 0, 0))).toEqual({
      shape: [1],
      data: Float32Array.of(1),
    });
  });

  test.each(TYPES)('returns shape and numbers of type $code', (type) => {
    const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 });
    const number = fc.oneof(fc.double(), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }));
    fc.assert(
      fc.property(shapes, fc.array(number, { minLength: 1, maxLength: 50 }), (shape, numbers) => {
        const count = shape.reduce((product, dimension) => product * dimension);
        const data = new type.Data(Array.from({ length: count }, (_, i) => numbers[i % numbers.length]));
        const read = parseIdx(write(type, shape, data));
        expect(read.shape).toEqual(shape);
        expect(read.data).toEqual(data);
        expect(read.data.constructor).toBe(type.Data);
      }),
      runs,
    );
  });

  it('copies no bytes', () => {
    const file = write(BYTES, [3], Uint8Array.of(1, 2, 3));
    expect(parseIdx(file).data.buffer).toBe(file.buffer);
    // the data are no Buffer, whose slice() would share memory
    const { data } = parseIdx(Buffer.from(file));
    expect([data, data.constructor]).toEqual([Uint8Array.of(1, 2, 3), Uint8Array]);
  });

  it('reads 255 dimensions', () => {
    const shape = Array(255).fill(1);
    expect(parseIdx(write(BYTES, shape, Uint8Array.of(7)))).toEqual({ shape, data: Uint8Array.of(7) });
  });

  const big = [0xff, 0xff, 0xff, 0xff];
  const wrong: [string, unknown, RegExp][] = [
    [
      'nothing',
      undefined,
      /^idx: got undefined, want a Uint8Array or an ArrayBuffer with the contents of an IDX file$/,
    ],
    ['other numbers', new Float32Array(2), /^idx: got Float32Array of 8 bytes, want a Uint8Array or an ArrayBuffer/],
    [
      'a promise',
      Promise.resolve(),
      /^idx: got an object \(Promise\), want a Uint8Array .* IDX file: await the promise$/,
    ],
    ['an empty buffer', new ArrayBuffer(0), /^idx: got 0 bytes, want an IDX file/],
    [
      'an error page',
      text('<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN"><html><head><title>403'),
      /^idx: got an HTML or XML page: the address may be wrong, want an IDX file$/,
    ],
    [
      'a page with a byte order mark',
      text('\ufeff\r\n<html>'),
      /^idx: got an HTML or XML page: the address may be wrong, want an IDX file$/,
    ],
    [
      'a Git LFS pointer',
      text('version https://git-lfs.github.com/spec/v1\noid sha256:00\n'),
      /^idx: got a Git LFS pointer: git lfs pull fetches what it stands for, want an IDX file$/,
    ],
    [
      'a zip archive',
      [0x50, 0x4b, 3, 4, 0, 0],
      /^idx: got a zip archive, .*: it must be unpacked, or exported, first, want an IDX file$/,
    ],
    ['a NumPy file', [0x93, ...text('NUMPY')], /^idx: got a NumPy array, want an IDX file$/],
    [
      'almost a little-endian file',
      [1, 8, 0, 1],
      /^idx: got magic number 0x01080001, want .* NN dimensions, 1 or more$/,
    ],
    [
      'a little-endian file',
      [3, 8, 0, 0, 2, 0, 0, 0],
      /^idx: got magic number 0x03080000, want .*: the file is little-endian, IDX is big-endian$/,
    ],
    ['an empty file', new Uint8Array(0), /^idx: got 0 bytes, want an IDX file, which has at least 8$/],
    ['three bytes', [0, 0, 8], /^idx: got 3 bytes, want an IDX file/],
    ['an image', [0x89, 0x50, 0x4e, 0x47], /^idx: got magic number 0x89504e47, want 0x0000TTNN, type TT one of 08 09/],
    [
      'another file',
      [0x25, 0x50, 0x44, 0x46],
      /^idx: got magic number 0x25504446, want 0x0000TTNN, type TT one of 08 09 .* 1 or more$/,
    ],
    [
      'a compressed file',
      [0x1f, 0x8b, 8, 1],
      /^idx: got gzip data, want an IDX file: await readIdx\(bytes\) unpacks them$/,
    ],
    ['zeros at the start', [0, 0, 0, 8, 1], /^idx: got magic number 0x00000008, want .* 1 or more$/],
    ['the type 10, which does not exist', [0, 0, 10, 1, 0, 0, 0, 1, 0], /^idx: got magic number 0x00000a01, want/],
    ['no dimensions', [0, 0, 8, 0, 1], /^idx: got magic number 0x00000800, want .* NN dimensions, 1 or more$/],
    ['half a header', [0, 0, 8, 2, 0, 0, 0, 1], /^idx: got 8 bytes, want a header of 12: the file is cut short$/],
    [
      'a dimension of 0',
      [0, 0, 8, 2, ...big, 0, 0, 0, 0],
      /^idx: got dimensions 4294967295 × 0, want each at least 1$/,
    ],
    [
      'a missing byte',
      [0, 0, 11, 1, 0, 0, 0, 2, 1, 2, 3],
      /^idx: got 11 bytes, want 12 \(a header of 8 and 2 i16\): the file is cut short$/,
    ],
    [
      'a superfluous byte',
      [0, 0, 8, 1, 0, 0, 0, 1, 1, 2],
      /^idx: got 10 bytes, want 9 \(a header of 8 and 1 u8\): there are more bytes after the numbers$/,
    ],
    [
      'sizes larger than any file',
      [0, 0, 14, 3, ...big, ...big, ...big],
      /^idx: got 16 bytes, want 6\.33\d+e\+29 \(a header/,
    ],
    [
      'sizes whose product is infinite',
      [0, 0, 8, 255, ...Array(1020).fill(255)],
      /^idx: got 1024 bytes, want Infinity/,
    ],
  ];
  it.each(wrong)('refuses %s', (_, contents, message) => {
    const bytes = Array.isArray(contents) ? Uint8Array.from(contents) : (contents as Uint8Array);
    expect(() => parseIdx(bytes)).toThrow(message);
    expect(() => parseIdx(bytes, 'train.idx')).toThrow(/^train\.idx: got /);
  });

  it('accepts an ArrayBuffer, and arrays of another realm', () => {
    const { buffer } = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 5, 6);
    expect(parseIdx(buffer)).toEqual({ shape: [2], data: Uint8Array.of(5, 6) });
    for (const end of ['', '.buffer']) {
      const foreign = runInNewContext(`new Uint8Array([0, 0, 8, 1, 0, 0, 0, 2, 5, 6])${end}`);
      expect([...parseIdx(foreign).data]).toEqual([5, 6]);
    }
    structuredClone(buffer, { transfer: [buffer] });
    expect(() => parseIdx(buffer)).toThrow(
      /^idx: got bytes that are detached, want bytes that are not: copy them with slice\(\)/,
    );
  });

  it('returns arrays that fit accepts, as inputs and as labels', async () => {
    for (const type of TYPES) {
      const inputs = parseIdx(write(type, [3, 2], new type.Data([0, 1, 2, 3, 4, 5]))).data;
      const labels = parseIdx(write(type, [3], new type.Data([2, 0, 1]))).data;
      const net = await createNetwork({ inputs: 2, layers: [{ units: 3, activation: 'softmax' }] });
      const isInteger = type.code < 0x0d;
      const targets = isInteger ? labels : Int32Array.from(labels);
      const [{ samples }] = await net.fit({ inputs, targets }, { epochs: 1 });
      expect(samples).toBe(3);
      expect((await net.evaluate({ inputs, targets })).confusion?.map((row) => row.reduce((a, b) => a + b))).toEqual([
        1, 1, 1,
      ]);
    }
  });

  it('throws an error, or returns an array that fits its shape, for 10,000 damaged files', () => {
    const random = randomNumbers(SEED);
    const below = (n: number) => Math.floor(random() * n);
    const files = TYPES.map((type) => write(type, [2, 3, 2], new type.Data([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])));
    let read = 0;
    for (let i = 0; i < 10_000; i++) {
      let file = files[below(files.length)].slice();
      // changes bytes of the header more often than others
      for (let n = below(4); n > 0; n--)
        file[below(random() < 0.7 ? 16 : file.length)] = random() < 0.5 ? below(16) : below(256);
      if (random() < 0.3) file = file.subarray(0, below(file.length + 1));
      else if (random() < 0.2) file = Uint8Array.from([...file, ...Array(below(20)).fill(below(256))]);
      try {
        const { shape, data } = parseIdx(file);
        read++;
        expect(shape.length).toBe(file[3]);
        expect(data.length).toBe(shape.reduce((product, dimension) => product * dimension, 1));
        expect(data.byteLength).toBe(file.length - 4 - 4 * shape.length);
      } catch (error) {
        if (!(error instanceof RangeError && error.message.startsWith('idx: got '))) throw error;
      }
    }
    // both results have occurred
    expect(read).toBeGreaterThan(1000);
    expect(read).toBeLessThan(9000);
  });
});
