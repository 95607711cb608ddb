import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { adam, Network } from 'simdprop';

/** Bytes before and after the training. */
export interface Change {
  before: number;
  after: number;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of the heap after everything collectable has been collected. */
function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/**
 * Trains `steps` steps in `calls` calls of fit and predicts after each call. A first call is not counted, because it
 * makes the memory plan and lets the engine compile.
 */
export async function soak(steps: number, calls: number, report?: (steps: number, heap: number) => void) {
  const memories: WebAssembly.Memory[] = [];
  const { Memory } = WebAssembly;
  // a network has no access to its memory, so memories are recorded when they are made
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      memories.push(this);
    }
  };
  const layers = [{ units: 8, activation: 'relu' as const }, { units: 1 }];
  const net = await Network.create({ inputs: 4, layers, seed: 1 }).finally(() => {
    WebAssembly.Memory = Memory;
  });
  if (memories.length === 0) throw new Error('soak: got no memory of the core, want one that it makes');
  const bytes = () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  const batchSize = 4;
  const rows = 1000;
  const inputs = Float32Array.from({ length: rows * batchSize * 4 }, (_, i) => (i % 97) / 97);
  const targets = Float32Array.from({ length: rows * batchSize }, (_, i) => i % 2);
  const epochs = Math.ceil(steps / calls / rows);
  const train = async () => {
    await net.fit({ inputs, targets }, { epochs, batchSize, optimizer: adam() });
    net.predict(inputs);
  };
  await train();
  const wasm = { before: bytes(), after: 0 };
  const heap = { before: heapBytes(), after: 0 };
  for (let call = 1; call <= calls; ++call) {
    await train();
    heap.after = heapBytes();
    report?.(call * epochs * rows, heap.after);
  }
  wasm.after = bytes();
  net.dispose();
  return { wasmBytes: wasm satisfies Change, heapBytes: heap satisfies Change };
}
