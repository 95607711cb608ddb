import { trainTrials, trial } from '../src/search.js';
import { SEARCHED, SHARED, searchData } from './searched.js';

// A process of a job array, which finds its trials in its environment: node --import tsx share-process.ts LOG [COUNT]

const [log, count] = process.argv.slice(2);
const only = trial(undefined, count === undefined ? undefined : Number(count));
const trials = await trainTrials(SEARCHED, searchData(), { ...SHARED, log, only });
console.log(trials.map(({ trial }) => trial).join(' '));
