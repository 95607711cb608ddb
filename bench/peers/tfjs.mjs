// TensorFlow.js with its backend wasm, or cpu, which is JavaScript: node tfjs.mjs JOB [wasm | cpu]
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { floatsOf } from './arrays.mjs';
import { readJob, serve } from './job.mjs';
import { tensorFlowTrainer } from './tfjs-trainer.mjs';

const require = createRequire(import.meta.url);
setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
const backend = process.argv[3] ?? 'wasm';
if (backend === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
await tf.setBackend(backend);

const job = readJob(process.argv[2]);
await serve(`tfjs ${tf.version_core}`, job, tensorFlowTrainer(tf, job, floatsOf(job)));
