import { transpose } from './arrays.mjs';

// TensorFlow.js as a contestant: bench/peers/tfjs.mjs in Node, site/model/train-tensorflow.ts in pages. The four
// equations are written by hand in tidy, which is faster than the library's autograd and layers: no graph is recorded,
// and activations are fused with the products. A matrix that must be transposed for a product is transposed before it,
// because the backend multiplies transposed operands in a plain loop, which is slow. Adam is the library's own.

/** The activations that the product of the backends can be fused with. */
const FUSED = ['linear', 'relu', 'sigmoid'];

/**
 * `tf` is @tensorflow/tfjs-core with its backend; `x` [samples x inputs] is in float32. reset() sets the job's weights
 * and makes the tensors of the batches. train(samples, epochs) returns the mean cost of the last epoch, predict(first,
 * rows) the outputs of a batch.
 */
export function tensorFlowTrainer(tf, job, x) {
  tf.enableProdMode();
  const { inputs, outputs, layers, batchSize, learningRate } = job;
  const output = layers.at(-1).activation;
  const isSoftmax = output === 'softmax';
  const isAdam = job.optimizer === 'adam';
  let parameters = [];
  let optimizer;

  /** The batches of each size as tensors, made once. */
  const cut = new Map();
  function batchesOf(rows) {
    if (!cut.has(rows)) {
      const count = Math.floor(job.samples / rows);
      const tensors = (m, width) =>
        Array.from({ length: count }, (_, i) =>
          tf.tensor2d(m.subarray(i * rows * width, (i + 1) * rows * width), [rows, width]),
        );
      cut.set(rows, { x: tensors(x, inputs), y: tensors(job.y, outputs) });
    }
    return cut.get(rows);
  }

  function forward(batch) {
    const activations = [batch];
    layers.forEach(({ activation }, l) => {
      const { w, b } = parameters[l];
      const fused = FUSED.includes(activation) ? activation : 'linear';
      const a = tf.fused.matMul({ a: activations[l], b: w, bias: b, activation: fused });
      activations.push(fused === activation ? a : tf[activation](a));
    });
    return activations;
  }

  function slope(a, activation) {
    if (activation === 'tanh') return tf.sub(1, tf.square(a));
    return activation === 'sigmoid' ? tf.mul(a, tf.sub(1, a)) : tf.step(a);
  }

  /** Trains one step and returns the sum of the costs of its samples. */
  function step(batchX, batchY) {
    return tf.tidy(() => {
      const activations = forward(batchX);
      const a = activations.at(-1);
      const difference = tf.sub(a, batchY);
      const cost = isSoftmax
        ? tf.neg(tf.sum(tf.log(tf.sum(tf.mul(a, batchY), 1))))
        : tf.mul(0.5, tf.sum(tf.square(difference)));
      let delta = output === 'sigmoid' ? tf.mul(difference, slope(a, output)) : difference;
      const gradients = {};
      const factor = (isAdam ? 1 : learningRate) / batchSize;
      for (let l = layers.length - 1; l >= 0; --l) {
        const { w, b } = parameters[l];
        const before = activations[l];
        const scaled = tf.mul(delta, factor);
        if (l > 0) delta = tf.mul(tf.matMul(delta, tf.transpose(w)), slope(before, layers[l - 1].activation));
        const dw = tf.matMul(tf.transpose(before), scaled);
        const db = tf.sum(scaled, 0);
        if (isAdam) {
          gradients[w.name] = dw;
          gradients[b.name] = db;
        } else {
          w.assign(tf.sub(w, dw));
          b.assign(tf.sub(b, db));
        }
      }
      if (isAdam) optimizer.applyGradients(gradients);
      return cost;
    });
  }

  return {
    reset(rows = batchSize) {
      for (const { w, b } of parameters) tf.dispose([w, b]);
      optimizer?.dispose();
      optimizer = tf.train.adam(learningRate, 0.9, 0.999, 1e-8);
      parameters = layers.map((layer) => ({
        w: tf.variable(tf.tensor2d(transpose(layer), [layer.fanIn, layer.units])),
        b: tf.variable(tf.tensor1d(layer.biases)),
      }));
      batchesOf(rows);
    },
    train(samples, epochs) {
      const batches = batchesOf(batchSize);
      let cost = 0;
      for (let epoch = 0; epoch < epochs; ++epoch) {
        cost = 0;
        for (let i = 0; i < Math.floor(samples / batchSize); ++i) {
          const sum = step(batches.x[i], batches.y[i]);
          cost += sum.dataSync()[0];
          sum.dispose();
        }
      }
      return cost / samples;
    },
    predict(first, rows) {
      const a = tf.tidy(() => forward(batchesOf(rows).x[first / rows]).at(-1));
      const outputs = a.dataSync();
      a.dispose();
      return outputs;
    },
  };
}
