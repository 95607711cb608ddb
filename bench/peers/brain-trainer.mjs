// brain.js as a contestant: bench/peers/brain.mjs in Node, site/model/train-brain.ts in pages. It trains online only,
// with the quadratic cost. Here it trains on prepared patterns one by one, as the loop of its own train() does.

/**
 * `NeuralNetwork` is brain.js's class; `x` [samples x inputs] is in float32. reset() sets the job's weights.
 * train(samples, epochs) returns the mean cost of the last epoch, predict(first) the outputs of a sample.
 */
export function brainTrainer(NeuralNetwork, job, x) {
  const { inputs, outputs, layers, learningRate, y } = job;
  // momentum must not be 0, because brain.js then throws
  const net = new NeuralNetwork({
    inputSize: inputs,
    outputSize: outputs,
    hiddenLayers: layers.slice(0, -1).map(({ units }) => units),
    activation: layers[0].activation,
    learningRate,
    momentum: 1e-9,
  });
  const patterns = Array.from({ length: job.samples }, (_, i) => ({
    input: x.subarray(i * inputs, (i + 1) * inputs),
    output: y.subarray(i * outputs, (i + 1) * outputs),
  }));

  return {
    reset() {
      net.sizes = [inputs, ...layers.map(({ units }) => units)];
      net.initialize();
      layers.forEach(({ weights, biases, fanIn }, l) => {
        net.biases[l + 1].set(biases);
        net.weights[l + 1].forEach((row, j) => {
          row.set(weights.subarray(j * fanIn, (j + 1) * fanIn));
        });
      });
    },
    train(samples, epochs) {
      let cost = 0;
      for (let epoch = 0; epoch < epochs; ++epoch) {
        cost = 0;
        // the cost is summed here because that takes less time than trainPattern(pattern, true), which returns the mean
        // over the outputs of (y - a)^2
        for (let i = 0; i < samples; ++i) {
          net.trainPattern(patterns[i]);
          const errors = net.errors[layers.length];
          for (let j = 0; j < outputs; ++j) cost += 0.5 * errors[j] * errors[j];
        }
      }
      return cost / samples;
    },
    predict: (first) => net.runInput(patterns[first].input),
  };
}
