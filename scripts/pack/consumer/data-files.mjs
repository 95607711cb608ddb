import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { readCsv } from 'simdprop/csv';
import { readIdx } from 'simdprop/idx';

const { inputs, targets, classes } = readCsv('x,y\n1,b\n2,a', { target: 'y', labels: true });
assert.deepEqual(
  [[...inputs], [...targets], classes],
  [
    [1, 2],
    [1, 0],
    ['a', 'b'],
  ],
);

const { shape, data } = await readIdx(gzipSync(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 5, 6)));
assert.deepEqual([shape, data], [[2], Uint8Array.of(5, 6)]);
