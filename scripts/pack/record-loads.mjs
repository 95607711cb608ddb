import { appendFileSync } from 'node:fs';
import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

// node --import record-loads.mjs: writes the URL of every module that is loaded to the file LOADS, one in each line.

// Node runs the hooks, which are in this same file, in a separate thread
if (isMainThread) register(import.meta.url);

export async function load(url, context, nextLoad) {
  appendFileSync(process.env.LOADS, `${url}\n`);
  return await nextLoad(url, context);
}
