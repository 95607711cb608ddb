// Runs the tiles of bench/tiles.ts in one engine: node tile-probe.mjs MODULE.wasm 2x16by2 4x8by1 ... Prints the GFLOP/s
// of each as JSON.
import { readFileSync } from 'node:fs';

const [path, ...tiles] = process.argv.slice(2);
const DEPTH = 256;
/** A multiple of the rows of every tile. */
const ROWS = 240;
/** An odd number of cache lines, as in a network. */
const STRIDE = DEPTH * 4 + 64;
const A = 65_536;
const PANEL = A + ROWS * STRIDE;
const C = PANEL + DEPTH * 64;
const CALLS = 100;
const ROUNDS = 11;
const WARM_UP_ROUNDS = 3;

const memory = new WebAssembly.Memory({ initial: 64 });
new Float32Array(memory.buffer).fill(0.001);
const module = new WebAssembly.Module(readFileSync(path));
const { exports } = new WebAssembly.Instance(module, { env: { memory, abort() {} } });

const times = tiles.map(() => []);
for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; ++round) {
  tiles.forEach((tile, t) => {
    const product = exports[`tile${tile}`];
    const started = performance.now();
    for (let i = 0; i < CALLS; ++i) product(C, 64, A, STRIDE, PANEL, 0, DEPTH, ROWS, 0, 0);
    if (round >= WARM_UP_ROUNDS) times[t].push(performance.now() - started);
  });
}
const figures = tiles.map((tile, t) => {
  const ms = times[t].sort((p, q) => p - q)[ROUNDS >> 1];
  return [tile, (2 * ROWS * DEPTH * Number.parseInt(tile.split('x')[1], 10) * CALLS) / ms / 1e6];
});
console.log(JSON.stringify(Object.fromEntries(figures)));
