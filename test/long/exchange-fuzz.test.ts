import { expect, it } from 'vitest';
import { damagedFile, drawing, isRefused, READERS } from '../exchange/damaged.js';
import { SEED } from '../random-numbers.js';

const DAMAGED_COPIES = 100;

it.each(Object.keys(READERS))('%s takes or refuses many damaged copies of each file', async (name) => {
  const [filesOf, reader] = READERS[name];
  const files = await filesOf();
  let refused = 0;
  for (const [f, file] of files.entries()) {
    const draw = drawing(1000 * SEED + f);
    for (let i = 0; i < DAMAGED_COPIES; i++) {
      if (await isRefused(reader, damagedFile(file, draw), `file ${f}, copy ${i}`)) refused++;
    }
  }
  console.log(`${name}: ${refused} of ${DAMAGED_COPIES * files.length} damaged files refused, the rest read`);
  expect(refused).toBeGreaterThan((DAMAGED_COPIES * files.length) / 10);
});
