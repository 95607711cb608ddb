// brain.js: node brain-model.mjs. Inputs and numbers are scaled to 0..1, as its documentation asks. All settings are
// its documented defaults: one hidden layer of half as many units as inputs (at least 3), sigmoid, rate 0.3, momentum
// 0.1, up to 20,000 iterations or an error of 0.005. Its option `timeout` ends a training after 10 seconds.
import { createRequire } from 'node:module';
import { largestOf, serveModels } from './model-job.mjs';

const require = createRequire(import.meta.url);
const { NeuralNetwork } = require('brain.js');
const { version } = require('brain.js/package.json');

/** The smallest number of each column, and the width of its range. */
function rangesOf(rows) {
  return rows[0].map((_, k) => {
    const values = rows.map((row) => row[k]);
    const least = Math.min(...values);
    return { least, width: Math.max(...values) - least || 1 };
  });
}

const toUnit = (rows, ranges) => rows.map((row) => row.map((value, k) => (value - ranges[k].least) / ranges[k].width));

await serveModels(`brain.js ${version}`, ({ task, classes, training }) => {
  const isClasses = task === 'classes';
  const inputs = rangesOf(training.x);
  const [target] = rangesOf(training.y.map((y) => [y]));
  const rowOf = (y) =>
    isClasses ? Array.from({ length: classes }, (_, c) => Number(c === y)) : [(y - target.least) / target.width];
  const patterns = toUnit(training.x, inputs).map((input, i) => ({ input, output: rowOf(training.y[i]) }));
  const net = new NeuralNetwork({ binaryThresh: 0.5 });
  return {
    train: () => net.train(patterns, { timeout: 10_000 }),
    predict: (rows) =>
      toUnit(rows, inputs).map((row) => {
        const output = Array.from(net.run(row));
        return isClasses ? largestOf(output) : target.least + target.width * output[0];
      }),
  };
});
