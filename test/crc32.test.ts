import { crc32 as ofZlib } from 'node:zlib';
import { describe, expect, it, test } from 'vitest';
import { crc32, crc32ByTables } from '../src/check/crc32.js';
import { crc32 as small } from '../src/check/crc32.predict.js';
import { randomNumbers } from './random-numbers.js';

// Checksums: eight bytes a step, and in simdprop/predict a byte a step.

const random = randomNumbers(1);
const bytes = Uint8Array.from({ length: 600 }, () => Math.floor(256 * random()));

describe.each([
  ['of this engine', crc32],
  ['by eight bytes', crc32ByTables],
  ['by one byte', small],
])('the CRC-32 %s', (_, checksum) => {
  it('is the check value of the catalogue of CRCs for 123456789', () => {
    expect(checksum(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });

  it('is that of zlib for any length, from any byte on', () => {
    for (let start = 0; start < 9; start++) {
      for (let end = start; end <= 64; end++) {
        const part = bytes.subarray(start, end);
        expect(checksum(part), `bytes ${start} to ${end}`).toBe(ofZlib(part));
      }
    }
    expect(checksum(bytes)).toBe(ofZlib(bytes));
  });

  test('of two parts is that of the whole', () => {
    for (const middle of [0, 1, 7, 8, 300, 600]) {
      expect(checksum(bytes.subarray(middle), checksum(bytes.subarray(0, middle)))).toBe(checksum(bytes));
    }
  });
});
