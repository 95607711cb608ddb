import { parseArgs } from 'node:util';
import { soak } from './soaking.js';

// Trains a million steps and prints sizes: neither the heap of JavaScript nor the memory of the core may grow.
//   npm run soak -- [--steps N]

const { values } = parseArgs({ options: { steps: { type: 'string', default: '1000000' } } });
const steps = Number(values.steps);
const { wasmBytes, heapBytes } = await soak(steps, 10, (done, heap) =>
  process.stderr.write(`${done} steps, heap ${(heap / 1024).toFixed(0)} KiB\n`),
);
console.log(
  `${steps} steps: memory of the core from ${wasmBytes.before} to ${wasmBytes.after} bytes, heap from ${heapBytes.before} to ${heapBytes.after} bytes`,
);
