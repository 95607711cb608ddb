// ONNX Runtime, which only predicts: node onnx.mjs JOB onnxruntime-node|onnxruntime-web THREADS.
import { createRequire } from 'node:module';
import { floatsOf } from './arrays.mjs';
import { readJob, serve } from './job.mjs';
import { modelOf } from './onnx-model.mjs';

const [, , directory, name, threadsText] = process.argv;
const threads = Number(threadsText);
const require = createRequire(import.meta.url);
const ort = require(name);
const isWeb = name === 'onnxruntime-web';
if (isWeb) ort.env.wasm.numThreads = threads;

const job = readJob(directory);
const { inputs } = job;
const x = floatsOf(job);
const session = await ort.InferenceSession.create(modelOf(job), {
  executionProviders: [isWeb ? 'wasm' : 'cpu'],
  graphOptimizationLevel: 'all',
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
});

/** The batches of each size as tensors, made once. */
const cut = new Map();
function batchesOf(rows) {
  if (!cut.has(rows)) {
    const batch = (_, i) =>
      new ort.Tensor('float32', x.subarray(i * rows * inputs, (i + 1) * rows * inputs), [rows, inputs]);
    cut.set(rows, Array.from({ length: Math.floor(job.samples / rows) }, batch));
  }
  return cut.get(rows);
}

await serve(`${name} ${ort.env.versions.common}`, job, {
  reset: batchesOf,
  predict: async (first, rows) => (await session.run({ x: batchesOf(rows)[first / rows] })).a.data,
});
process.exit();
