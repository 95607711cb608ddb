import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packagedData, readDigits } from '../examples/digits/idx.js';

const IMAGES = 'train-images-idx3-ubyte';
const LABELS = 'train-labels-idx1-ubyte';

/** Written by hand, byte for byte, so that the reader is not compared with itself. */
function idx(magic: number, dimensions: number[], bytes: number[]): Uint8Array {
  const bigEndian = [magic, ...dimensions].flatMap((word) => [
    (word >>> 24) & 255,
    (word >>> 16) & 255,
    (word >>> 8) & 255,
    word & 255,
  ]);
  return Uint8Array.from([...bigEndian, ...bytes]);
}

const goodImages = idx(0x803, [2, 1, 3], [1, 2, 3, 4, 5, 255]);
const goodLabels = idx(0x801, [2], [9, 0]);

describe('the IDX reader', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'simdprop-idx-'));
    writeFileSync(join(directory, IMAGES), goodImages);
    writeFileSync(join(directory, LABELS), goodLabels);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const read = () => readDigits(directory, 'train');

  it('returns the bytes after the header, for images and labels', () => {
    expect(read()).toEqual({
      count: 2,
      rows: 1,
      columns: 3,
      images: Uint8Array.of(1, 2, 3, 4, 5, 255),
      labels: Uint8Array.of(9, 0),
    });
  });

  it('reads compressed files', () => {
    const plain = read();
    for (const name of [IMAGES, LABELS]) {
      writeFileSync(join(directory, `${name}.gz`), gzipSync(name === IMAGES ? goodImages : goodLabels));
      rmSync(join(directory, name));
      expect(read()).toEqual(plain);
    }
    writeFileSync(join(directory, `${LABELS}.gz`), gzipSync(goodLabels).subarray(0, 20));
    expect(read).toThrow(`${join(directory, LABELS)}.gz: unexpected end of file`);
    writeFileSync(join(directory, `${LABELS}.gz`), gzipSync(goodLabels.subarray(0, 9)));
    expect(read).toThrow(`${join(directory, LABELS)}.gz: got 9 bytes, want 10`);
  });

  it.each([IMAGES, LABELS])('names the file that is missing: %s', (name) => {
    rmSync(join(directory, name));
    expect(read).toThrow(`${join(directory, name)}: no such file, want an IDX file`);
  });

  it('says so if the file cannot be read', () => {
    rmSync(join(directory, IMAGES));
    mkdirSync(join(directory, IMAGES));
    expect(read).toThrow(/train-images-idx3-ubyte: EISDIR/);
  });

  it.each([
    ['labels in place of images', IMAGES, goodLabels, 'got 2 as Uint8Array, want count × rows × columns as Uint8Array'],
    ['images in place of labels', LABELS, goodImages, 'got 2 × 1 × 3 as Uint8Array, want count as Uint8Array'],
    ['a gzip file', IMAGES, Uint8Array.of(0x1f, 0x8b, 8, 0), 'got gzip data, want an IDX file'],
    ['an empty file', IMAGES, new Uint8Array(0), 'got 0 bytes, want an IDX file'],
    ['half a magic number', LABELS, Uint8Array.of(0, 0), 'got 2 bytes, want an IDX file'],
    [
      'labels that are not bytes',
      LABELS,
      idx(0xc01, [2], [0, 0, 0, 9, 0, 0, 0, 0]),
      'got 2 as Int32Array, want count as Uint8Array',
    ],
    ['half a header', IMAGES, goodImages.subarray(0, 15), 'got 15 bytes, want a header of 16'],
    ['images without the last byte', IMAGES, goodImages.subarray(0, 21), 'got 21 bytes, want 22'],
    ['labels without the last byte', LABELS, goodLabels.subarray(0, 9), 'got 9 bytes, want 10'],
    ['a superfluous byte', LABELS, Uint8Array.of(...goodLabels, 0), 'got 11 bytes, want 10'],
    ['sizes larger than any file', IMAGES, idx(0x803, [0xffffffff, 0xffff, 1], []), `want ${0xffffffff * 0xffff + 16}`],
    ['no images', IMAGES, idx(0x803, [0, 1, 3], []), 'got dimensions 0 × 1 × 3, want each at least 1'],
    ['fewer labels than images', LABELS, idx(0x801, [1], [9]), 'got 1 label, want 2, one for each image'],
    ['more labels than images', LABELS, idx(0x801, [3], [9, 0, 1]), 'got 3 labels, want 2, one for each image'],
    ['a label that is not a digit', LABELS, idx(0x801, [2], [9, 10]), 'label 1: got 10, want 0 to 9'],
  ])('refuses %s', (_, name, bytes, message) => {
    writeFileSync(join(directory, name), bytes);
    expect(read).toThrow(message);
    expect(read).toThrow(join(directory, name));
  });
});

describe('the MNIST files of the npm package', () => {
  // Facts about the data set, as published: its sizes, and how often each digit occurs in the test set.
  it('are the real ones', () => {
    const train = readDigits(packagedData(), 'train');
    const test = readDigits(packagedData(), 't10k');
    expect([train.count, train.rows, train.columns, test.count, test.rows, test.columns]).toEqual([
      60_000, 28, 28, 10_000, 28, 28,
    ]);
    expect([...train.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    const counts = Array.from({ length: 10 }, (_, digit) => test.labels.filter((label) => label === digit).length);
    expect(counts).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  });
});
