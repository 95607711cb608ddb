import { arrayType } from './check/arrays.js';
import { advise, awaited, checkFinite, checkObject, wrongType } from './check/errors.js';
import type { NetworkFormat } from './check/network-files.js';
import type { Exchanged, ExchangedLayer } from './exchange/exchanged.js';
import { checkThreshold } from './model/evaluate-options.js';
import { NETWORK_KEYS, Network, type NetworkOptions } from './network.js';
import { CONTENTS } from './persistence/saved-network.js';
import { hasSlopes } from './spec/activations.js';
import type { LayerOptions } from './spec/network-options.js';

// What all entries for other formats share: they make a Network of what a file contains, and take one apart for a file.

/**
 * Options of the network that a file becomes, which no file contains: how it runs (`threads`, `batchSize`, ...) and how
 * it continues to learn (`cost`, `l2`, `seed`, ...). `task`, `classes` and `columns` replace those of the file.
 */
export type ImportedNetworkOptions = Omit<NetworkOptions, 'inputs' | 'layers' | 'bias' | 'scale'>;

/** The option that all readers take. */
export interface ImportOptions {
  /**
   * Options of the network, as in `Network.create`.
   * @defaultValue what the file says, then the defaults of `create`
   */
  network?: ImportedNetworkOptions | undefined;
}

/** A file of another format as a network. */
export interface Imported {
  /** The network. It predicts what the file's network predicts, and can be trained and saved. */
  network: Network;
  /** From which output up a class or a label counts, if the file says so: pass it to `classify`. */
  threshold?: number | undefined;
  /** What the file has that the network does not have, or has in another form. Empty: it came in as it is. */
  notes: readonly string[];
}

/** The result of a reader or writer. Its errors say what was probably meant. */
export const advised = <T>(work: () => Promise<T>): Promise<T> => work().catch(advise);

/** The result of a reader of this format. If the file is of another one, the error says what reads it. */
export function advisedOn<T>(file: unknown, format: NetworkFormat, work: () => Promise<T>): Promise<T> {
  return advised(() =>
    work().catch(async (error: unknown) => {
      if (arrayType(file) !== 'Uint8Array' || !(error instanceof Error)) throw error;
      const [{ wayToReader }, { addWay }] = await Promise.all([
        import('./check/network-files.js'),
        import('./check/similar.js'),
      ]);
      const way = wayToReader(file as Uint8Array, format).slice(2);
      if (way) addWay(error, way);
      throw error;
    }),
  );
}

const NOT_OF_FILES = ['inputs', 'layers', 'bias', 'scale'];

/** Checks the options of a reader. `keys`: its own ones, besides `network`. */
export function checkImportOptions(options: ImportOptions, keys: readonly string[] = []): ImportedNetworkOptions {
  checkObject('options', options, ['network', ...keys]);
  const { network = {} } = options;
  checkObject(
    'options.network',
    network,
    NETWORK_KEYS.filter((key) => !NOT_OF_FILES.includes(key)),
  );
  return network;
}

/** The network that a file describes. */
export async function networkOf(exchanged: Exchanged, options: ImportedNetworkOptions): Promise<Imported> {
  const { inputs, layers, scale, classes, columns, task, training, standardization, targetScale } = exchanged;
  const own: Partial<NetworkOptions> = {
    ...(scale !== undefined && { scale }),
    ...(task && { task }),
    ...(classes && { classes }),
    ...(columns && { columns }),
  };
  const network = await Network.create({
    ...own,
    ...training,
    ...options,
    inputs,
    layers: layers.map(layerOptions),
  });
  try {
    if (standardization) network.setStandardization(standardization);
    if (targetScale) network.setTargetStandardization(targetScale);
  } catch (error) {
    network.dispose();
    throw error;
  }
  const { threshold, notes } = exchanged;
  return { network, ...(threshold !== undefined && { threshold }), notes };
}

function layerOptions({ weights, biases, slopes, ...layer }: ExchangedLayer): LayerOptions {
  return { ...layer, initializer: { weights, ...(layer.bias && { biases }), ...(slopes && { slopes }) } };
}

/**
 * A network as writers take it, and a threshold of its classes or labels. It is refused if none of them has one. While
 * the task is not known, it may be any number.
 */
export function exchangedWith(where: string, network: Network, threshold: number | undefined): Exchanged {
  const exchanged = exchangedOf(where, network);
  if (threshold === undefined) return exchanged;
  checkFinite('options.threshold', threshold);
  const { task } = exchanged;
  if (task !== undefined) checkThreshold(threshold, task, exchanged);
  return { ...exchanged, threshold };
}

/** The end of the message for an object that has a network, or that was made from one. */
const wayToNetwork = (value: unknown) =>
  Object(value).network instanceof Network ? ': its network' : awaited(value, '');

/** A network as writers take it. Throws a TypeError for everything else. */
export function exchangedOf(where: string, network: Network): Exchanged {
  if (!(network instanceof Network)) throw wrongType(where, network, `a Network${wayToNetwork(network)}`);
  const { spec, goal, names, parameters, standardization, targetScale } = network[CONTENTS]();
  const { inputs, layers, scale, scaled, cost, huberDelta, ...training } = spec;
  const notes: string[] = [];
  if (scaled !== 'all' && (scaled === 'integers' || scale !== 1 / 255)) {
    throw new RangeError(
      `${where}: got a network of an old file that multiplies only arrays of integers by ${scale}, ` +
        'want one whose inputs have one meaning: train it on floats, or save it anew by this version',
    );
  }
  if (cost === 'custom') notes.push('the custom cost stays behind: files hold no functions');
  let fanIn = inputs;
  let offset = 0;
  const take = (count: number) => {
    offset += count;
    return parameters.subarray(offset - count, offset);
  };
  const taken = layers.map((layer): ExchangedLayer => {
    const weights = take(layer.units * fanIn);
    fanIn = layer.units;
    const biases = take(layer.units);
    return { ...layer, weights, biases, ...(hasSlopes(layer.activation) && { slopes: take(layer.units) }) };
  });
  return {
    inputs,
    layers: taken,
    ...(scaled === 'all' && scale !== undefined && { scale }),
    ...(standardization && { standardization }),
    ...(targetScale && { targetScale }),
    ...names,
    ...goal,
    training: {
      ...training,
      ...(cost !== 'custom' && { cost: cost === 'huber' ? { name: 'huber', delta: huberDelta } : cost }),
    },
    notes,
  };
}
