import { appendFileSync } from 'node:fs';
import { register } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';

// node --import record-loads.mjs: writes to the file LOADS a line for every module that is loaded: when that began, when it ended, its URL.
// LATENCY_MS: how long each takes at least, as over a line.

const { LOADS, LATENCY_MS = '0' } = process.env;

// Node runs hooks, this same file, in a thread of their own
if (isMainThread) register(import.meta.url);

export async function load(url, context, nextLoad) {
  const started = performance.now();
  if (LATENCY_MS !== '0') await setTimeout(Number(LATENCY_MS));
  const result = await nextLoad(url, context);
  appendFileSync(LOADS, `${started} ${performance.now()} ${url}\n`);
  return result;
}
