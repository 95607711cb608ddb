import assert from 'node:assert/strict';
import { readCsv } from 'simdprop/csv';

const { inputs, targets, classes } = readCsv('x,y\n1,b\n2,a', { target: 'y', labels: true });
assert.deepEqual(
  [[...inputs], [...targets], classes],
  [
    [1, 2],
    [1, 0],
    ['a', 'b'],
  ],
);
