import type { Trainer } from '../../bench/peers/arrays.mjs';
import type { ContestantName, Job } from './bench.js';

/** Loads a contestant and makes its trainer. The worker of the bench page alone imports this. */
export const TRAINERS: Readonly<Record<ContestantName, (job: Job) => Promise<Trainer>>> = {
  simdprop: async (job) => (await import('./train-simdprop.js')).createSimdprop(job),
  plain: async (job) => (await import('./train-plain.js')).createPlain(job),
  tensorflow: async (job) => (await import('./train-tensorflow.js')).createTensorFlow(job),
  brain: async (job) => (await import('./train-brain.js')).createBrain(job),
};
