import { NeuralNetwork } from 'brain.js';
import { floatsOf, type Trainer } from '../../bench/peers/arrays.mjs';
import { brainTrainer } from '../../bench/peers/brain-trainer.mjs';
import type { Job } from './bench.js';

/** brain.js, whose NeuralNetwork computes in JavaScript: bench/peers/brain-trainer.mjs. */
export const createBrain = (job: Job): Trainer => brainTrainer(NeuralNetwork, job, floatsOf(job));
