// TensorFlow.js with the wasm backend: node tfjs.mjs JOB
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { floatsOf } from './arrays.mjs';
import { readJob, serve } from './job.mjs';
import { tensorFlowTrainer } from './tfjs-trainer.mjs';

const require = createRequire(import.meta.url);
setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
await tf.setBackend('wasm');

const job = readJob(process.argv[2]);
await serve(`tfjs ${tf.version_core}`, job, tensorFlowTrainer(tf, job, floatsOf(job)));
