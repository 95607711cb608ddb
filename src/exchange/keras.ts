import { outOfRange } from '../check/errors.js';
import type { ApproximateOption } from './chain.js';
import type { Exchanged } from './exchanged.js';
import { type Hdf5Group, readHdf5 } from './hdf5.js';
import { parseUntrusted, propertyOf } from './json.js';
import { type LayerWeights, networkOfLayers } from './keras-layers.js';
import type { Tensor } from './tensor.js';
import { isZip, Zip } from './zip.js';

// Files of model.save of Keras: .keras, a zip archive with config.json and model.weights.h5, and .h5, whose
// configuration is an attribute.

const WHERE = 'readKeras';

/** The names of a layer's weights in .keras files, which only number them. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  Dense: ['kernel', 'bias'],
  BatchNormalization: ['gamma', 'beta', 'moving_mean', 'moving_variance'],
  Normalization: ['mean', 'variance'],
};

export async function readKerasFile(file: Uint8Array, options: ApproximateOption): Promise<Exchanged> {
  return isZip(file) ? await ofArchive(file, options) : ofHdf5(file, options);
}

async function ofArchive(file: Uint8Array, options: ApproximateOption): Promise<Exchanged> {
  const zip = new Zip(WHERE, file);
  for (const name of ['config.json', 'model.weights.h5']) {
    if (!zip.has(name)) throw outOfRange(WHERE, `an archive without ${name}`, 'a file of model.save("name.keras")');
  }
  const topology = parseUntrusted(`${WHERE}: config.json`, await zip.read('config.json'));
  const bytes = await zip.read('model.weights.h5');
  const { datasets } = readHdf5(`${WHERE}: model.weights.h5`, bytes);
  const weightsOf = (_name: string, className: string, position: number): LayerWeights => {
    // layers are counted by their class: dense, dense_1, dense_2
    const folder = `${snakeCase(className)}${position === 0 ? '' : `_${position}`}`;
    const names = NAMES[className] ?? [];
    const found = new Map<string, Tensor>();
    for (const [path, read] of datasets) {
      const parts = path.split(/[/\\]/);
      const [owner, vars, index] = parts.slice(-3);
      if (owner !== folder || vars !== 'vars' || parts.length > 5) continue;
      const name = names[Number(index)];
      if (name) found.set(name, read());
    }
    return found;
  };
  return networkOfLayers(WHERE, { topology, version: 3, weightsOf, mostParameters: 4 * bytes.length + 1024 }, options);
}

const snakeCase = (name: string) =>
  name
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

function ofHdf5(file: Uint8Array, options: ApproximateOption): Exchanged {
  const { datasets, texts }: Hdf5Group = readHdf5(WHERE, file);
  const config = texts.get('model_config');
  if (config === undefined) {
    throw outOfRange(WHERE, 'a file without model_config', 'one of model.save, which has more than the weights');
  }
  const topology = parseUntrusted(`${WHERE}: model_config`, config);
  const version = Number.parseInt(texts.get('keras_version') ?? '2', 10) >= 3 ? 3 : 2;
  const weightsOf = (name: string): LayerWeights => {
    const own = new Map<string, Tensor>();
    for (const [path, read] of datasets) {
      const parts = path.split('/');
      if (parts[0] !== 'model_weights' || parts[1] !== name) continue;
      own.set((parts[parts.length - 1] ?? '').replace(/:0$/, ''), read());
    }
    return own;
  };
  if (propertyOf(topology, 'class_name') === undefined)
    throw outOfRange(WHERE, 'a model_config without class_name', 'one');
  return networkOfLayers(WHERE, { topology, version, weightsOf, mostParameters: 4 * file.length + 1024 }, options);
}
