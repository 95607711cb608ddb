// TensorFlow.js with its layers API: node tfjs-layers.mjs. Classes are learnt with the settings of its iris example (10
// sigmoid units, Adam at 0.01, 40 epochs), numbers with those of its Boston housing example (twice 50 sigmoid units,
// SGD at 0.01, batches of 40, 200 epochs), with standardised targets. The backend for plain JavaScript is the fastest
// one on networks of this size.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { largestOf, serveModels } from './model-job.mjs';

await tf.setBackend('cpu');

function networkFor({ task, classes, training }) {
  const inputShape = [training.x[0].length];
  const model = layers.sequential();
  if (task === 'classes') {
    model.add(layers.layers.dense({ inputShape, units: 10, activation: 'sigmoid' }));
    model.add(layers.layers.dense({ units: classes, activation: 'softmax' }));
    model.compile({ optimizer: tf.train.adam(0.01), loss: 'categoricalCrossentropy' });
  } else {
    model.add(layers.layers.dense({ inputShape, units: 50, activation: 'sigmoid', kernelInitializer: 'leCunNormal' }));
    model.add(layers.layers.dense({ units: 50, activation: 'sigmoid', kernelInitializer: 'leCunNormal' }));
    model.add(layers.layers.dense({ units: 1 }));
    model.compile({ optimizer: tf.train.sgd(0.01), loss: 'meanSquaredError' });
  }
  return model;
}

await serveModels(`tfjs ${tf.version_core}, cpu`, (job) => {
  const { task, classes, training } = job;
  const model = networkFor(job);
  const mean = training.y.reduce((sum, y) => sum + y, 0) / training.y.length;
  const deviation = Math.sqrt(training.y.reduce((sum, y) => sum + (y - mean) ** 2, 0) / training.y.length);
  const isClasses = task === 'classes';
  const rowOf = (y) =>
    isClasses ? Array.from({ length: classes }, (_, c) => Number(c === y)) : [(y - mean) / deviation];
  const x = tf.tensor2d(training.x);
  const y = tf.tensor2d(training.y.map(rowOf));
  const schedule = isClasses ? { epochs: 40 } : { epochs: 200, batchSize: 40 };
  return {
    train: () => model.fit(x, y, { ...schedule, verbose: 0, yieldEvery: 'never' }),
    predict: (rows) => {
      const outputs = tf.tidy(() => model.predict(tf.tensor2d(rows)).arraySync());
      tf.dispose([x, y]);
      model.dispose();
      return outputs.map((row) => (isClasses ? largestOf(row) : mean + deviation * row[0]));
    },
  };
});
