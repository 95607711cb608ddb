import { adam, Network } from 'simdprop';
import { PIXELS, type TrainingMessage, type TrainingNews, type TrainingOrder } from '../model/digits.js';

// Trains networks on the digits, so that the page stays free to draw. A new order ends the training before it.

async function train({ digits, hidden, epochs, seed }: TrainingOrder, signal: AbortSignal): Promise<void> {
  const tell = (news: TrainingNews) => postMessage({ ...news, seed } satisfies TrainingMessage);
  let net: Network | undefined;
  try {
    net = await Network.create({
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
    const { threads } = net;
    const trained = net;
    const started = performance.now();
    await trained.fit(digits.training, {
      epochs,
      batchSize: 32,
      optimizer: adam({ learningRate: 0.001 }),
      signal,
      onProgress: ({ epoch, step, steps, cost, samplesPerSecond }) =>
        tell({ kind: 'progress', share: (epoch + step / steps) / epochs, cost, samplesPerSecond }),
      onEpoch: async ({ epoch }) => {
        const evaluation = await trained.evaluate(digits.test);
        const accuracy = evaluation.task === 'classes' ? evaluation.accuracy : 0;
        tell({ kind: 'epoch', epoch, accuracy, file: await trained.save() });
      },
    });
    tell({ kind: 'end', seconds: (performance.now() - started) / 1000, threads });
  } catch (error) {
    if (!signal.aborted) tell({ kind: 'error', message: String(error) });
  } finally {
    net?.dispose();
  }
}

let present = new AbortController();
let last = Promise.resolve();

addEventListener('message', ({ data }: MessageEvent<TrainingOrder>) => {
  present.abort();
  present = new AbortController();
  const { signal } = present;
  last = last.then(() => train(data, signal));
});
