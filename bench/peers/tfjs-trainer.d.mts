import type { PeerJob, Trainer } from './arrays.mjs';

export function tensorFlowTrainer(tf: unknown, job: PeerJob, x: Float32Array): Trainer;
