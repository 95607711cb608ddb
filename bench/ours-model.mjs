// TableModel as a contestant of bench/models.ts: node ours-model.mjs. It answers each line `fit FILE` with
// `MILLISECONDS SCORE`: the time of TableModel.fit, and the accuracy or R² on the rows for the test. Plain JavaScript
// on the built package.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Table, TableModel } from '../dist/tabular.js';

console.log(`ready Node ${process.versions.node}`);
for await (const line of createInterface({ input: process.stdin })) {
  const { target, task, seed, kinds, training, test } = JSON.parse(readFileSync(line.slice('fit '.length), 'utf8'));
  const all = { ...kinds, [target]: task === 'classes' ? 'category' : 'number' };
  const [rows, testRows] = [training, test].map((part) => Table.fromColumns(part, { kinds: all }));
  const start = performance.now();
  const model = await TableModel.fit(rows, { target, seed });
  const ms = performance.now() - start;
  const { accuracy, r2 } = await model.evaluate(testRows);
  model.dispose();
  console.log(`${ms} ${accuracy ?? r2}`);
}
