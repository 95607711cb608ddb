import { createNetwork } from './build.js';

/** Two checkpoints, of different lengths: several hundred kilobytes, which the system writes in more than one part. */
export async function twoCheckpoints(): Promise<Uint8Array[]> {
  const contents: Uint8Array[] = [];
  for (const units of [300, 301]) {
    const net = await createNetwork({ inputs: 784, layers: [{ units }, { units: 10 }] });
    net.trainBatch(new Float32Array(784).fill(0.1), Uint8Array.of(3));
    contents.push(await net.save({ training: true }));
  }
  return contents;
}
