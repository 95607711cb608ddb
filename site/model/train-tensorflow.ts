import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import file from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import * as tf from '@tensorflow/tfjs-core';
import { floatsOf, type Trainer } from '../../bench/peers/arrays.mjs';
import { tensorFlowTrainer } from '../../bench/peers/tfjs-trainer.mjs';
import type { Job } from './bench.js';

/** TensorFlow.js with its wasm backend, on one thread as all others: bench/peers/tfjs-trainer.mjs. */
export async function createTensorFlow(job: Job): Promise<Trainer> {
  if (tf.getBackend() !== 'wasm') {
    // it wants the names of three files; all are the one for SIMD, without which simdprop does not run either
    const names = ['tfjs-backend-wasm', 'tfjs-backend-wasm-simd', 'tfjs-backend-wasm-threaded-simd'];
    setWasmPaths(Object.fromEntries(names.map((name) => [`${name}.wasm`, file])));
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    if (!(await tf.setBackend('wasm'))) throw new Error('its backend for WebAssembly did not start');
  }
  return tensorFlowTrainer(tf, job, floatsOf(job));
}
