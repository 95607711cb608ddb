// Searches by the queue: node sweep.mjs [LOG] [RESULT]
// If it is killed, the same command continues with what is missing in its log.
import { writeFileSync } from 'node:fs';
import { search } from 'simdprop/search';
import { openQueue } from './send.mjs';
import { network, options, readData } from './space.mjs';

const [log = 'sweep.jsonl', output = 'sweep.json'] = process.argv.slice(2);
const { train, close } = await openQueue();

const onProgress = ({ done, total, secondsLeft }) =>
  console.log(`${done} of ${total}${secondsLeft === undefined ? '' : `, ${Math.ceil(secondsLeft)} s left`}`);

try {
  const result = await search(network, readData(), { ...options, train, log, onProgress });
  for (const { trial, score, values } of result.trials) console.log(trial, score.toFixed(4), JSON.stringify(values));
  console.log(`best: trial ${result.best.trial}`);
  writeFileSync(output, JSON.stringify(result));
} finally {
  await close();
}
