import { readFileSync } from 'node:fs';
import { readBrain } from '../brain.js';
import { jsonIn } from '../check/network-files.js';
import { readFann } from '../fann.js';
import { type CustomCost, type LoadOptions, Network } from '../index.js';
import { readKeras } from '../keras.js';
import { externalNames, readOnnx } from '../onnx.js';
import { readPyTorch } from '../pytorch.js';
import { ActivationsError, type Imported, readSafetensors, type SafetensorsOptions } from '../safetensors.js';
import { TableModel } from '../tabular.js';
import { readTfjs } from '../tfjs.js';
import { readBeside } from './beside.js';
import { checkNoFolder } from './data-flags.js';
import { UsageError } from './failure.js';
import { type Flags, type Given, numberOf, partsOf, textOf, wordOf } from './flags.js';
import { READABLE, type Readable, readableOf } from './formats.js';
import { activationOf } from './layers.js';
import { printable } from './terminal.js';

// Reads the file of a network in any of the formats.

export const READ_FLAGS: Flags = {
  from: { value: 'FORMAT', help: `of the file: ${READABLE.join(', ')}; by default its contents and ending say it` },
  approximate: { help: 'onnx, keras, tfjs: takes the nearest activation for one that is lacking, if it is very near' },
  activations: { value: 'NAMES', help: 'pytorch, safetensors: of each layer, such as relu,relu,softmax' },
  layers: { value: 'NAMES', help: 'pytorch, safetensors: the linear layers in their order, such as fc1,fc2' },
  'batch-norm': { value: 'PLACE', help: 'pytorch, safetensors: before or after the activation' },
  epsilon: { value: 'NUMBER', help: 'pytorch, safetensors: what batch normalisation adds to the variances' },
  key: { value: 'NAME', help: 'pytorch: of the state dict, if the checkpoint has several' },
  output: { value: 'NAME', help: 'onnx: the output to take, if the model has several' },
};

const STATE_FLAGS = ['activations', 'layers', 'batch-norm', 'epsilon'];

/** The flags that have a meaning for each format. */
const FLAGS_OF: Readonly<Record<Readable, readonly string[]>> = {
  simdprop: [],
  onnx: ['approximate', 'output'],
  safetensors: STATE_FLAGS,
  pytorch: [...STATE_FLAGS, 'key'],
  keras: ['approximate'],
  tfjs: ['approximate'],
  brain: [],
  fann: [],
};

/** A network that was read, and what its file has besides. */
export interface Source extends Imported {
  readonly format: Readable;
  readonly bytes: number;
  /** The files it was read from. */
  readonly paths: readonly string[];
  /** The model of a table, if the file is one. It has a network of its own. */
  readonly model?: TableModel;
}

/** Reads a network. Errors name the file. The caller disposes of the network, and of the model. */
export async function readNetwork(path: string, given: Given): Promise<Source> {
  if (path === '-') throw new UsageError('the network: got -, want the path of a file');
  const from = wordOf(given, 'from', READABLE);
  const bytes = readRegular(path);
  const format = from ?? readableOf(path, bytes);
  const foreign = Object.keys(READ_FLAGS).find(
    (flag) => flag !== 'from' && given[flag] !== undefined && !FLAGS_OF[format].includes(flag),
  );
  if (foreign) {
    const known = FLAGS_OF[format].map((flag) => `--${flag}`).join(', ') || 'none of these options';
    throw new UsageError(`--${foreign}: got it for a file of the format ${format}, want ${known}`);
  }
  try {
    return { format, bytes: bytes.length, ...(await READERS[format](path, bytes, given)) };
  } catch (error) {
    const { message } = error as Error;
    const name = printable(path);
    if (message.startsWith('options.')) throw new UsageError(message, { cause: error });
    if (message.startsWith(name)) throw error;
    const text = `${name}: ${message}`;
    throw error instanceof ActivationsError
      ? new UsageError(text, { cause: error })
      : new Error(text, { cause: error });
  }
}

function readRegular(path: string): Uint8Array {
  checkNoFolder(path, 'the file of a network');
  return new Uint8Array(readFileSync(path));
}

type Read = Imported & Pick<Source, 'paths' | 'model'>;

const READERS: Readonly<Record<Readable, (path: string, bytes: Uint8Array, given: Given) => Promise<Read>>> = {
  simdprop: async (path, bytes) => {
    const network = await load(bytes, {});
    // a file that is no model of a table has no encoder
    const model = await TableModel.load(bytes).catch(() => undefined);
    return { network, notes: [], paths: [path], ...(model && { model }) };
  },
  onnx: async (path, bytes, given) => {
    const { files, paths } = readBeside(path, externalNames(bytes));
    const options = { ...approximateOf(given), output: textOf(given, 'output'), externalData: files };
    return { ...(await readOnnx(bytes, options)), paths: [path, ...paths] };
  },
  tfjs: async (path, bytes, given) => {
    const { files, paths } = readBeside(path, shardsOf(bytes));
    const read = await readTfjs(new TextDecoder().decode(bytes), files, approximateOf(given));
    return { ...read, paths: [path, ...paths] };
  },
  keras: async (path, bytes, given) => ({ ...(await readKeras(bytes, approximateOf(given))), paths: [path] }),
  safetensors: async (path, bytes, given) => ({ ...(await readSafetensors(bytes, stateOf(given))), paths: [path] }),
  pytorch: async (path, bytes, given) => {
    const options = { ...stateOf(given), key: textOf(given, 'key') };
    return { ...(await readPyTorch(bytes, options)), paths: [path] };
  },
  brain: async (path, bytes) => ({ ...(await readBrain(bytes)), paths: [path] }),
  fann: async (path, bytes) => ({ ...(await readFann(bytes)), paths: [path] }),
};

const approximateOf = (given: Given) => (given.approximate ? { approximate: true } : {});

function stateOf(given: Given): SafetensorsOptions {
  return {
    activations: partsOf(given, 'activations')?.map(activationOf),
    layers: partsOf(given, 'layers'),
    batchNorm: wordOf(given, 'batch-norm', ['before', 'after']),
    epsilon: numberOf(given, 'epsilon', 0, 1),
  };
}

/** The names of the files that model.json says hold the weights. */
function shardsOf(bytes: Uint8Array): string[] {
  const { weightsManifest } = Object(jsonIn(bytes)) as { weightsManifest?: unknown };
  const groups = Array.isArray(weightsManifest) ? weightsManifest : [];
  const paths = groups.flatMap((group) => (Array.isArray(group?.paths) ? (group.paths as unknown[]) : []));
  return [...new Set(paths.filter((path) => typeof path === 'string'))];
}

/** A network with a custom cost needs some functions to be loaded; nothing here calls them. */
const NO_COST: CustomCost = { value: () => 0, gradient: () => {} };

/** Loads a network for a command that calls neither its custom cost nor the function of its learning rate. */
async function load(bytes: Uint8Array, options: LoadOptions): Promise<Network> {
  try {
    return await Network.load(bytes, options);
  } catch (error) {
    const [, lacking] = /^load: options\.(cost|learningRate): got none /.exec((error as Error).message) ?? [];
    if (lacking === 'cost' && !options.cost) return await load(bytes, { ...options, cost: NO_COST });
    if (lacking === 'learningRate') return await load(bytes, { ...options, training: false });
    throw error;
  }
}
