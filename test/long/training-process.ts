import { existsSync, readFileSync } from 'node:fs';
import { saveFile } from '../../src/io/files.js';
import { train } from './surviving.js';

// A process of killed.test.ts. It continues training from the checkpoint at its path, saves after each step, prints
// "ready" after the first save, and at the end prints the hash of the weights:
//
//   path

const [path] = process.argv.slice(2);
const checkpoint = existsSync(path) ? readFileSync(path) : undefined;
let isReady = false;
const hash = await train(checkpoint, (bytes) => {
  saveFile(path, bytes);
  if (!isReady) console.log('ready');
  isReady = true;
});
console.log(hash);
