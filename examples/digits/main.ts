import { cpus } from 'node:os';
import { type ClassesEvaluation, Network, NonFiniteError, sgd } from 'simdprop';
import packageFile from '../../package.json' with { type: 'json' };
import { CommandError, messageOf } from './error.js';
import { CLASSES, packagedData, readDigits } from './idx.js';
import { helpText, type Options, parseOptions, trainingCount } from './options.js';
import { formatCount, formatSeconds, Progress } from './progress.js';
import { report } from './report.js';
import { checkOutput, saveOutput } from './save.js';

const BUILD = 'simd';

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  if (options.help) {
    console.log(helpText());
    return;
  }
  if (options.output !== undefined) {
    checkOutput(options.output);
  }

  const directory = options.data ?? packagedData();
  const train = readDigits(directory, 'train');
  const test = readDigits(directory, 't10k');
  const inputs = train.rows * train.columns;
  if (test.rows !== train.rows || test.columns !== train.columns) {
    const want = `${train.rows} × ${train.columns} as the training images`;
    throw new CommandError(`${directory}: got test images of ${test.rows} × ${test.columns}, want ${want}`, 1);
  }
  const count = trainingCount(options, train.count);
  const network = await createNetwork(options, inputs);

  console.log(introduction(options, network, count, test.count));
  const progress = new Progress(process.stdout, count);
  const startedMs = performance.now();
  const controller = new AbortController();
  // `once`, so that a second Ctrl-C ends the process immediately.
  const interrupt = () => controller.abort(new CommandError('stopped by Ctrl-C: nothing was saved', 130));
  process.once('SIGINT', interrupt);
  const testData = { inputs: test.images, targets: test.labels };
  const history = await network
    .fit(
      { inputs: train.images.subarray(0, count * inputs), targets: train.labels.subarray(0, count) },
      {
        epochs: options.epochs,
        batchSize: options.batch,
        validation: testData,
        signal: controller.signal,
        onProgress: (step) => progress.step(step),
        onEpoch: (epoch) => progress.epoch(epoch),
      },
    )
    .catch((error: unknown) => {
      if (!(error instanceof NonFiniteError)) throw error;
      throw new CommandError(`${error.message}; a smaller --learning-rate or --l2 may help; nothing was saved`, 1);
    })
    .finally(() => {
      progress.end();
      process.off('SIGINT', interrupt);
    });

  const { samples, elapsedMs } = history;
  const rate = formatCount(samples / (elapsedMs / 1000));
  const total = formatSeconds(performance.now() - startedMs);
  console.log(`\n${total} in total, of which ${formatSeconds(elapsedMs)} training at ${rate} samples/s\n`);
  console.log(report(history.last?.validation as ClassesEvaluation, test, network.predict(test.images)));
  if (options.output !== undefined) {
    const bytes = await network.save();
    saveOutput(options.output, bytes);
    console.log(`\nSaved ${options.output} (${formatCount(bytes.length)} bytes)`);
  }
}

/** Creates the network. Sizes and learning rates that the network refuses become a CommandError. */
async function createNetwork(options: Options, inputs: number): Promise<Network> {
  const output = options.cost === 'categoricalCrossEntropy' ? 'softmax' : 'sigmoid';
  try {
    const network = await Network.create({
      inputs,
      layers: [
        ...options.hidden.map((units) => ({
          units,
          activation: options.activation,
          initializer: 'scaledNormal' as const,
        })),
        { units: CLASSES, activation: output, initializer: 'scaledNormal' },
      ],
      cost: options.cost,
      l2: options.l2,
      // bytes from 0 to 255 become numbers from 0 to 1
      scale: 1 / 255,
      seed: options.seed,
      batchSize: options.batch,
      build: BUILD,
    });
    network.optimizer = sgd({ learningRate: options.learningRate });
    return network;
  } catch (error) {
    throw new CommandError(messageOf(error), 2);
  }
}

function introduction(options: Options, network: Network, trainCount: number, testCount: number): string {
  const processors = cpus();
  const shape = [network.inputs, ...network.layers.map((layer) => layer.units)].join('-');
  const activations = [...new Set(network.layers.map((layer) => layer.activation))].join(' and ');
  const l2 = options.l2 > 0 ? `, l2 ${options.l2}` : '';
  return [
    `simdprop ${packageFile.version} (${BUILD} build), Node ${process.versions.node}, ${process.platform} ${process.arch}`,
    `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown processor'}`,
    '',
    `${shape} (${formatCount(network.parameters)} weights and biases), ${activations}, ${options.cost} cost${l2}`,
    `learning rate ${options.learningRate}, batches of ${options.batch}, seed ${options.seed}`,
    `${formatCount(trainCount)} training images, ${formatCount(testCount)} test images`,
    '',
  ].join('\n');
}

// `npm start | head` closes the pipe early. That is no error, so the process ends without a message.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') {
    process.exit();
  }
  throw error;
});

main(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof CommandError)) {
    throw error;
  }
  console.error(`digits: ${error.message}`);
  process.exitCode = error.exitCode;
});
