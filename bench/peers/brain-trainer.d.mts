import type { PeerJob, Trainer } from './arrays.mjs';

export function brainTrainer(NeuralNetwork: unknown, job: PeerJob, x: Float32Array): Trainer;
