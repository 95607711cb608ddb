import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { packagedData } from '../examples/digits/idx.js';
import { type IdxFile, parseIdx, readIdx } from '../src/io/idx.js';
import { createNetwork } from './build.js';
import { randomNumbers } from './random-numbers.js';

/** An IDX file of bytes: noise, which takes several parts to unpack. */
function noise(...shape: number[]): Uint8Array {
  const random = randomNumbers(5);
  const count = shape.reduce((product, dimension) => product * dimension);
  const file = new Uint8Array(4 + 4 * shape.length + count);
  const view = new DataView(file.buffer);
  view.setUint32(0, 0x800 + shape.length);
  for (const [i, dimension] of shape.entries()) view.setUint32(4 + 4 * i, dimension);
  for (let i = 4 + 4 * shape.length; i < file.length; i++) file[i] = 256 * random();
  return file;
}

const images = noise(300, 28, 28);
const small = noise(3, 1);

/** The numbers as one text: to compare 235,200 elements one by one takes a second. */
const plain = ({ shape, data }: IdxFile) => ({
  shape,
  type: data.constructor.name,
  numbers: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1'),
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe.each([
  ['by zlib, as in Node', () => {}],
  ['by DecompressionStream, as in pages', () => vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined)],
])('readIdx %s', (_, prepare) => {
  it('reads compressed files as parseIdx reads uncompressed ones', async () => {
    prepare();
    for (const file of [images, small, Uint8Array.of(0, 0, 0x0b, 1, 0, 0, 0, 2, 0xff, 0xff, 1, 0)]) {
      expect(plain(await readIdx(gzipSync(file)))).toEqual(plain(parseIdx(file)));
      expect(plain(await readIdx(file))).toEqual(plain(parseIdx(file)));
    }
  });

  it('accepts buffers, shared arrays, Blobs, Files and Responses', async () => {
    prepare();
    const { buffer, byteOffset, byteLength } = gzipSync(images);
    const compressed = new Uint8Array(buffer, byteOffset, byteLength).slice();
    const shared = new Uint8Array(new SharedArrayBuffer(byteLength));
    shared.set(compressed);
    const sources = [
      compressed.buffer,
      shared,
      new Blob([compressed]),
      new File([compressed], 'x.gz'),
      new Response(compressed),
    ];
    for (const source of sources) expect(plain(await readIdx(source))).toEqual(plain(parseIdx(images)));
    expect(plain(await readIdx(new Blob([small as Uint8Array<ArrayBuffer>])))).toEqual(plain(parseIdx(small)));
  });

  it('refuses data that are cut short or damaged, at any place', async () => {
    prepare();
    const compressed = gzipSync(images);
    for (const length of [2, 3, 9, 10, 11, 1000, 100_000, compressed.length - 9, compressed.length - 1]) {
      const refused = readIdx(compressed.subarray(0, length), 'train.gz');
      await expect(refused, String(length)).rejects.toThrow(
        /^train\.gz: got gzip data that are damaged or cut short \(.+\), want all of them: is the download complete\?$/,
      );
      await expect(refused).rejects.toThrow(RangeError);
    }
    const damaged = Uint8Array.from(compressed);
    damaged[compressed.length - 6] ^= 1;
    await expect(readIdx(damaged)).rejects.toThrow(/^idx: got gzip data that are damaged or cut short/);
  });

  it('refuses other compressed files, and IDX files that were cut short before they were compressed', async () => {
    prepare();
    const page = new TextEncoder().encode(`<!doctype html><html>${'<p>not found</p>'.repeat(100)}</html>`);
    await expect(readIdx(gzipSync(page))).rejects.toThrow(/^idx: got an HTML or XML page/);
    await expect(readIdx(gzipSync(page.subarray(0, 50)))).rejects.toThrow(/^idx: got an HTML or XML page/);
    await expect(readIdx(gzipSync(gzipSync(images)))).rejects.toThrow(/^idx: got gzip data, want an IDX file/);
    await expect(readIdx(gzipSync(images.subarray(0, 200_000)))).rejects.toThrow(
      /^idx: got 200000 bytes, want 235216 \(a header of 16 and 300 × 28 × 28 u8\): the file is cut short$/,
    );
    await expect(readIdx(gzipSync(new Uint8Array(0)))).rejects.toThrow(/^idx: got 0 bytes, want an IDX file/);
  });

  it('decompresses little more than the header says', async () => {
    prepare();
    const bomb = new Uint8Array(100e6);
    bomb.set([0, 0, 8, 1, 0, 0, 0x10, 0]);
    const compressed = gzipSync(bomb);
    const cancel = vi.spyOn(ReadableStreamDefaultReader.prototype, 'cancel');
    expect(compressed.length).toBeLessThan(200_000);
    const message = await readIdx(compressed).catch((error: RangeError) => error.message);
    const [, length] =
      /^idx: got (\d+) bytes or more when unpacked, want 4104, as the header says$/.exec(String(message)) ?? [];
    expect(Number(length)).toBeGreaterThan(4104);
    expect(Number(length)).toBeLessThan(1e6);
    expect(cancel).toHaveBeenCalledTimes(process.getBuiltinModule('node:zlib') ? 0 : 1);
  });
});

describe('readIdx', () => {
  it('says so if nothing here can decompress', async () => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined);
    vi.stubGlobal('DecompressionStream', undefined);
    await expect(readIdx(gzipSync(small))).rejects.toThrow(
      /^idx: got gzip data, want them decompressed: there is no DecompressionStream here$/,
    );
    expect(plain(await readIdx(small))).toEqual(plain(parseIdx(small)));
  });

  it('accepts parts of any length from the host', async () => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined);
    const parts: Uint8Array[] = [];
    vi.stubGlobal(
      'DecompressionStream',
      class extends TransformStream<Uint8Array, Uint8Array> {
        constructor() {
          super({
            transform: (part) => void parts.push(part),
            flush: (controller) => {
              const file = gunzipSync(Buffer.concat(parts.splice(0)));
              for (let start = 0; start < file.length; start += 5) controller.enqueue(file.subarray(start, start + 5));
            },
          });
        }
      },
    );
    for (const file of [noise(3, 700), small])
      expect(plain(await readIdx(gzipSync(file)))).toEqual(plain(parseIdx(file)));
  });

  it('gives a reason if the host gives no message', async () => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined);
    vi.stubGlobal(
      'DecompressionStream',
      class extends TransformStream {
        constructor() {
          super({ transform: () => Promise.reject(new TypeError()) });
        }
      },
    );
    await expect(readIdx(gzipSync(small), 'x')).rejects.toThrow(
      /^x: got gzip data that are damaged or cut short \(TypeError\), want all of them: is the download complete\?$/,
    );
  });

  it('refuses sources that have no bytes', async () => {
    const wanted =
      /want a Uint8Array or an ArrayBuffer with the contents of an IDX file, or a Blob or a Response of them/;
    for (const source of [undefined, null, 'train.idx', [1, 2], { arrayBuffer: () => 'bytes' }, new Float32Array(2)]) {
      await expect(readIdx(source as never)).rejects.toThrow(wanted);
      await expect(readIdx(source as never)).rejects.toThrow(TypeError);
    }
    await expect(readIdx(Promise.resolve(small) as never)).rejects.toThrow(/: await the promise$/);
  });

  it('reads the compressed files of MNIST for fit', async () => {
    const read = (name: string) => readIdx(gzipSync(readFileSync(join(packagedData(), name)), { level: 1 }), name);
    const { shape, data: inputs } = await read('t10k-images-idx3-ubyte');
    const { data: targets } = await read('t10k-labels-idx1-ubyte');
    expect([shape, targets.length]).toEqual([[10_000, 28, 28], 10_000]);
    const net = await createNetwork({ inputs: 784, layers: [{ units: 10, activation: 'softmax' }] });
    const [{ samples }] = await net.fit({ inputs, targets }, { epochs: 1 });
    expect(samples).toBe(10_000);
  });
});
