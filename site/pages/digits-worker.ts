import { adam, Network } from 'simdprop';
import { PIXELS, type TrainingNews, type TrainingOrder } from '../model/digits.js';

// Trains a network on the digits, so that the page stays free to draw.

const tell = (news: TrainingNews) => postMessage(news);

async function train({ digits, hidden, epochs, seed }: TrainingOrder): Promise<void> {
  const net = await Network.create({
    inputs: PIXELS,
    scale: 1 / 255,
    layers: [
      ...hidden.map((units) => ({ units, activation: 'relu' as const })),
      { units: 10, activation: 'softmax' as const },
    ],
    cost: 'categoricalCrossEntropy',
    seed,
    // one thread where the host sends no headers for more; the bits are the same
    threads: 'auto',
  });
  const started = performance.now();
  await net.fit(digits.training, {
    epochs,
    batchSize: 32,
    optimizer: adam({ learningRate: 0.001 }),
    onProgress: ({ epoch, step, steps, cost, samplesPerSecond }) =>
      tell({ kind: 'progress', share: (epoch + step / steps) / epochs, cost, samplesPerSecond }),
    onEpoch: async ({ epoch }) => {
      const evaluation = await net.evaluate(digits.test);
      const accuracy = evaluation.task === 'classes' ? evaluation.accuracy : 0;
      tell({ kind: 'epoch', epoch, accuracy, file: await net.save() });
    },
  });
  tell({ kind: 'end', seconds: (performance.now() - started) / 1000, threads: net.threads });
  net.dispose();
}

addEventListener('message', ({ data }: MessageEvent<TrainingOrder>) => {
  train(data).catch((error) => tell({ kind: 'error', message: String(error) }));
});
