import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as library from 'simdprop';
import * as inOneFile from 'simdprop/static';

// node bits.mjs <bits.mjs of bench/determinism> <hashes.json>
// Checks that simdprop and simdprop/static give the published bits and have the same exports.
const { hashes } = await import(process.argv[2]);
const { MNIST: _, ...published } = JSON.parse(readFileSync(process.argv[3], 'utf8'));
assert.deepEqual(Object.keys(inOneFile), Object.keys(library));
for (const entry of [library, inOneFile]) {
  assert.deepEqual(await hashes(entry, (options) => entry.Network.create(options), undefined), published);
}
