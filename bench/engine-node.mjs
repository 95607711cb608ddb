// Runs bench/engine-probe.mjs in Node: node engine-node.mjs JOB. Prints the version and the figures as JSON.
import { probe } from './engine-probe.mjs';
import { readJob } from './peers/job.mjs';

const { x, y } = readJob(process.argv[2]);
const figures = await probe({ inputs: x, targets: y });
console.log(JSON.stringify({ version: `Node ${process.versions.node}, V8 ${process.versions.v8}`, ...figures }));
