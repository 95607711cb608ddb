import { type BitsNews, findHashes } from '../model/bits.js';
import type { DigitSets } from '../model/digits.js';

const tell = (news: BitsNews) => postMessage(news);

addEventListener('message', async ({ data }: MessageEvent<DigitSets>) => {
  const started = performance.now();
  try {
    const hashes = await findHashes(data, (done) => tell({ kind: 'progress', done }));
    tell({ kind: 'end', hashes, seconds: (performance.now() - started) / 1000 });
  } catch (error) {
    tell({ kind: 'error', message: String(error) });
  }
});
