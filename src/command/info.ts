import { counted } from '../check/errors.js';
import type { Activation, Layer, Network } from '../index.js';
import { ActivationsError } from '../safetensors.js';
import { EXIT, UsageError } from './failure.js';
import type { Arguments, Flags, Given } from './flags.js';
import { type Usage, wrap } from './help.js';
import { activationText, layersOf, shapeOf } from './layers.js';
import { lostIn } from './lost.js';
import { READ_FLAGS, readNetwork, type Source } from './read-network.js';
import { columnsOf, printable, type Terminal, write } from './terminal.js';

// simdprop info

const FLAGS: Flags = { json: { help: 'prints the same as JSON' }, ...READ_FLAGS };

export const INFO: Usage = {
  usage: '<network>',
  summary:
    'Prints what is in the file of a model or of a network, in any format that convert reads: columns and task, layers, names and scales, and what a conversion would change or leave behind.',
  flags: FLAGS,
  examples: ['simdprop info iris.simdprop', 'simdprop info model.onnx --json'],
};

const MOST_NAMES = 40;

export async function info({ given, operands }: Arguments, terminal: Terminal): Promise<number> {
  if (operands.length !== 1) throw new UsageError(`info: got ${counted(operands.length, 'file')}, want one`);
  const [path] = operands;
  const { source, isGuessed } = await readForInfo(path, given);
  try {
    const entries = entriesOf(path, source, isGuessed);
    const text = given.json ? JSON.stringify(entries, null, 2) : linesOf(entries, columnsOf(terminal.out)).join('\n');
    await write(terminal.out, `${text}\n`);
  } finally {
    source.network.dispose();
    source.model?.dispose();
  }
  return EXIT.done;
}

/**
 * Reads a network. A state dict whose activations are not given is read as if it had none, and `isGuessed` is true:
 * everything else can be shown.
 */
async function readForInfo(path: string, given: Given): Promise<{ source: Source; isGuessed: boolean }> {
  try {
    return { source: await readNetwork(path, given), isGuessed: false };
  } catch (error) {
    const { cause } = error as Error;
    if (!(cause instanceof ActivationsError)) throw error;
    const activations = cause.layers.map(({ prelu }) => (prelu ? 'prelu' : 'linear')).join();
    // between linear functions, both places are the same
    return { source: await readNetwork(path, { 'batch-norm': 'before', ...given, activations }), isGuessed: true };
  }
}

function entriesOf(path: string, source: Source, isGuessed: boolean) {
  const { network, model, format, bytes, paths, threshold, notes } = source;
  const standardization = network.getStandardization();
  const targets = network.getTargetStandardization();
  const other = format === 'simdprop' ? 'onnx' : 'simdprop';
  return {
    file: path,
    format,
    bytes,
    ...(paths.length > 1 && { beside: paths.slice(1) }),
    network: isGuessed ? withoutActivations(network) : shapeOf(network),
    // other files need not have them
    ...(format === 'simdprop' && { cost: network.cost, optimizer: network.optimizer.name }),
    task: network.task,
    ...(model && {
      targets: model.targets,
      columns: Object.entries(model.encoder.inputKinds).map(([column, kind]) => ({ column, kind })),
    }),
    ...(!model && network.columns && { columns: network.columns }),
    classes: model?.classes ?? network.classes,
    threshold,
    layers: isGuessed ? network.layers.map(withoutGuess) : layersOf(network),
    parameters: network.parameters,
    scale: network.scale === 1 ? undefined : network.scale,
    ...(standardization && { standardize: plainScale(standardization) }),
    ...(targets && { targetScale: plainScale(targets) }),
    changed: notes,
    lacking: isGuessed ? ['the activations, which the file does not have: --activations names them'] : [],
    notKeptBy: { [other]: lostIn(other, source) },
  };
}

/** A layer of a state dict, which has slopes, but no other activations. */
const withoutGuess = ({ units, activation }: Layer): ShownLayer =>
  activation === 'prelu' ? { units, activation } : { units };

const withoutActivations = (network: Network) => shapeOf(network).replace(/ \S+,/, ',');

const plainScale = ({ means, deviations }: { means: ArrayLike<number>; deviations: ArrayLike<number> }) => ({
  means: Array.from(means),
  deviations: Array.from(deviations),
});

const INDENT = 12;

function linesOf({ changed, lacking, notKeptBy, ...entries }: ReturnType<typeof entriesOf>, width: number): string[] {
  const lines = (key: string, text: string) =>
    wrap(text, width - INDENT).map((line, i) => (i === 0 ? key : '').padEnd(INDENT) + line);
  const shown = Object.entries(entries).filter(([, value]) => value !== undefined);
  // sentences, whose names are escaped already
  return [
    ...shown.flatMap(([key, value]) => lines(key, key === 'layers' ? layersText(entries.layers) : textOf(value))),
    ...changed.flatMap((note) => lines('changed', note)),
    ...lacking.flatMap((sentence) => lines('lacking', sentence)),
    ...Object.entries(notKeptBy).flatMap(([format, lost]) =>
      lost.flatMap((sentence) => lines('not kept', `by ${format}: ${sentence}`)),
    ),
  ];
}

interface ShownLayer {
  readonly units: number;
  /** undefined: the file does not say. */
  readonly activation?: Activation | readonly Activation[];
}

const layersText = (layers: readonly ShownLayer[]): string =>
  layers.map(({ units, activation }) => (activation ? `${units} (${activationText(activation)})` : units)).join(', ');

function textOf(value: unknown): string {
  if (Array.isArray(value)) return listText(value);
  if (typeof value !== 'object' || value === null) return printable(String(value));
  return Object.entries(value)
    .map(([key, list]) => `${key} ${listText(list)}`)
    .join('; ');
}

function listText(list: readonly unknown[]): string {
  const shown = list.slice(0, MOST_NAMES).map((item) => {
    if (typeof item !== 'object') return printable(String(item));
    const [first, second] = Object.values(item as Record<string, unknown>).map((part) => printable(String(part)));
    return second === undefined ? first : `${first} (${second})`;
  });
  return shown.join(', ') + (list.length > MOST_NAMES ? `, ... (${list.length})` : '');
}
