// brain.js: node brain.mjs JOB
import { createRequire } from 'node:module';
import { floatsOf } from './arrays.mjs';
import { brainTrainer } from './brain-trainer.mjs';
import { readJob, serve } from './job.mjs';

const require = createRequire(import.meta.url);
const { NeuralNetwork } = require('brain.js');
const { version } = require('brain.js/package.json');

const job = readJob(process.argv[2]);
await serve(`brain.js ${version}`, job, brainTrainer(NeuralNetwork, job, floatsOf(job)));
