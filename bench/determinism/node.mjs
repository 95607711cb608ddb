// Runs bits.mjs in Node, Deno or Bun with the built package: node node.mjs OPTIONS DIGITS. Prints the version and the
// hashes as JSON.
import { readFileSync } from 'node:fs';
import * as library from '../../dist/index.js';
import { hashes } from './bits.mjs';

const [, , options, directory] = process.argv;
const core = JSON.parse(options);
const reasons = new Set();
const create = async (network) => {
  const net = await library.Network.create({ ...network, ...core });
  if (net.wideReason) reasons.add(net.wideReason);
  return net;
};
const read = (name) => new Uint8Array(readFileSync(`${directory}/${name}`));
const found = await hashes(library, create, { inputs: read('images.bin'), targets: read('labels.bin') });
const { node, deno, bun } = process.versions;
const version = deno ? `Deno ${deno}` : bun ? `Bun ${bun}` : `Node ${node}`;
console.log(
  JSON.stringify({
    version: process.arch === 'x64' ? version : `${version} (${process.arch})`,
    hashes: found,
    note: [...reasons].join(', '),
  }),
);
// Deno's threads keep the process alive
if (deno) process.exit();
