import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { Network } from 'simdprop';
import { readCsv } from 'simdprop/csv';

const { inputs, targets, classes } = readCsv(await readFile('digits.csv', 'utf8'), { target: 'digit', labels: true });
const pixels = Float32Array.from(inputs, (pixel) => pixel / 16);
const workerData = { digits: { inputs: pixels, targets }, epochs: 20 };
const worker = new Worker(new URL('./worker-thread.mjs', import.meta.url), { workerData });
const reports = [];
const bytes = await new Promise((resolve, reject) => {
  worker.on('error', reject);
  worker.on('message', (message) => (message.bytes ? resolve(message.bytes) : reports.push(message)));
});
console.log(reports.length, reports.at(-1).accuracy.toFixed(2));

const net = await Network.load(bytes);
const outputs = net.predict(pixels.subarray(0, 64 * 5));
const answers = Array.from({ length: 5 }, (_, i) => {
  const row = outputs.subarray(10 * i, 10 * i + 10);
  return classes[row.indexOf(Math.max(...row))];
});
console.log(answers);
