import type { Trainer } from '../../bench/peers/arrays.mjs';
import {
  type BenchNews,
  type BenchOrder,
  CONTESTS,
  type ContestantName,
  check,
  type Job,
  makeJob,
  run,
} from '../model/bench.js';
import { CONTESTANT_NAMES, CONTESTANTS } from '../model/contestants.js';
import { messageOf } from '../model/message.js';
import { TRAINERS } from '../model/trainers.js';

// Runs the contests, so that the page stays free and can stop them at any time. Libraries that make functions from text
// may do so here: a worker has a policy of its own.

const tell = (news: BenchNews) => postMessage(news);

/** Creates all contestants of a contest and compares their costs. One that cannot take part is left out. */
async function enter(contest: number, job: Job): Promise<[ContestantName, Trainer][]> {
  const present: [ContestantName, Trainer][] = [];
  let expected: number | undefined;
  for (const contestant of CONTESTANT_NAMES) {
    const { name, missing } = CONTESTANTS[contestant];
    const leaveOut = (why: string) => tell({ kind: 'left out', contest, contestant, why });
    const why = missing?.(job.contest);
    if (why) {
      leaveOut(why);
      continue;
    }
    try {
      const trainer = await TRAINERS[contestant](job);
      const cost = await check(name, trainer, job, expected);
      expected ??= cost;
      present.push([contestant, trainer]);
    } catch (error) {
      // nothing can be compared without simdprop
      if (contestant === 'simdprop') throw error;
      leaveOut(messageOf(error));
    }
  }
  return present;
}

async function measure({ digits, contests, rounds }: BenchOrder): Promise<void> {
  let done = 0;
  const tellProgress = (text: string) =>
    tell({ kind: 'progress', share: done / (contests.length * (rounds + 1)), text });
  for (const contest of contests) {
    const { name } = CONTESTS[contest];
    tellProgress(`${name}: loads the libraries and compares their costs`);
    const job = await makeJob(CONTESTS[contest], digits);
    const present = await enter(contest, job);
    // the first round warms up
    for (let round = 0; round <= rounds; round++) {
      // every round begins with another contestant
      for (let turn = 0; turn < present.length; turn++) {
        const [contestant, trainer] = present[(round + turn) % present.length];
        const what = round === 0 ? 'warms up' : `round ${round} of ${rounds}`;
        tellProgress(`${name}, ${what}: ${CONTESTANTS[contestant].name}`);
        const result = await run(trainer, job);
        if (round > 0) tell({ kind: 'run', contest, contestant, run: result });
      }
      done++;
    }
  }
  tell({ kind: 'end' });
}

addEventListener('message', ({ data }: MessageEvent<BenchOrder>) => {
  measure(data).catch((error) => tell({ kind: 'error', message: messageOf(error) }));
});
