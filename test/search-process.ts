import { Worker } from 'node:worker_threads';
import { search } from '../src/search.js';
import { LONG, SEARCHED, searchData } from './searched.js';

// A process that searches with a log until it is killed: node --import tsx search-process.ts LOG WORKER

const [log, worker] = process.argv.slice(2);
const createWorker = () => new Worker(worker, { execArgv: [] });
const report = ({ done }: { done: number }) => void process.stdout.write(`${done}\n`);
search(SEARCHED, searchData(), { ...LONG, log, createWorker, onProgress: report });
