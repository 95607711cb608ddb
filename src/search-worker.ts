/**
 * The code of the workers of `search`. It exports nothing.
 *
 * @module
 */

import type { TypedDataSet } from './data/data-set.js';
import { markOwn } from './data/own-arrays.js';
import { type Material, trainPart } from './search/part.js';
import type { SearchAnswer, SearchMessage } from './search/pool.js';
import { nodeThreads } from './threads/host.js';

interface Port {
  onmessage: ((event: { data: SearchMessage }) => void) | null;
  postMessage(answer: SearchAnswer, transfer: Transferable[]): void;
}

const port = (nodeThreads()?.parentPort ?? globalThis) as unknown as Port;

let material: Material;

/** The data were sent by search, which has no other use for them: nobody changes them, so no copies are needed. */
function takeOver(data: TypedDataSet): TypedDataSet {
  for (const values of [data.inputs, data.targets, data.weights]) if (values) markOwn(values);
  return data;
}

async function answer(message: SearchMessage): Promise<SearchAnswer> {
  if ('job' in message) return { outcome: await trainPart(material, message.job) };
  const { data, validation } = message.material;
  material = { ...message.material, data: takeOver(data), validation: validation && takeOver(validation) };
  return {};
}

port.onmessage = async ({ data: message }) => {
  try {
    const { outcome } = await answer(message);
    port.postMessage({ outcome }, outcome?.saved ? [outcome.saved.buffer as ArrayBuffer] : []);
  } catch (error) {
    // an error may hold what cannot be sent
    const { name, message: text } = error as Error;
    port.postMessage({ error: Object.assign(new Error(text), { name }) }, []);
  }
};
