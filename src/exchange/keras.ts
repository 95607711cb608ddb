import { outOfRange } from '../check/errors.js';
import type { ApproximateOption } from './chain.js';
import type { Exchanged } from './exchanged.js';
import { type Hdf5Group, readHdf5 } from './hdf5.js';
import { parseUntrusted, propertyOf } from './json.js';
import { type LayerPlace, type LayerWeights, networkOfLayers, weightsNamed } from './keras-layers.js';
import { isZip, Zip } from './zip.js';

// Files of model.save of Keras: .keras, a zip archive with config.json and model.weights.h5, and .h5, whose
// configuration is an attribute.

const WHERE = 'readKeras';

/** The names of a layer's weights in .keras files, which only number those that there are. */
function namesOf({ className, config }: LayerPlace): readonly string[] {
  const has = (setting: string) => propertyOf(config, setting) !== false;
  switch (className) {
    case 'Dense':
      return ['kernel', 'bias'];
    case 'PReLU':
      return ['alpha'];
    case 'Normalization':
      return ['mean', 'variance'];
    case 'BatchNormalization':
      return [...(has('scale') ? ['gamma'] : []), ...(has('center') ? ['beta'] : []), 'moving_mean', 'moving_variance'];
    default:
      return [];
  }
}

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
  const places = [...datasets].map(([path, read]) => ({ ...placeOf(path), read }));
  const weightsOf = (place: LayerPlace): LayerWeights => {
    const inFolder = (folders: readonly string[]) => places.filter(({ folder }) => folder === folders.join('/'));
    const names = namesOf(place);
    const numbered = inFolder(place.folders);
    // some versions may call folders as their layers
    const found = numbered.length > 0 ? numbered : inFolder(place.names);
    return new Map(found.filter(({ index }) => index in names).map(({ index, read }) => [names[index], read()]));
  };
  const model = { topology, version: 3, weightsOf, compiled: propertyOf(topology, 'compile_config') } as const;
  return networkOfLayers(WHERE, { ...model, mostParameters: 4 * bytes.length + 1024 }, options);
}

/** The folder of a layer, within those of the models around it, and the number of one of its weights. */
function placeOf(path: string): { folder: string; index: number } {
  const parts = path.split(/[/\\]/);
  const end = parts.lastIndexOf('vars');
  const own = parts.slice(0, Math.max(end, 0)).filter((part) => part !== 'layers' && !part.startsWith('_'));
  return { folder: own.join('/'), index: Number(parts[end + 1]) };
}

function ofHdf5(file: Uint8Array, options: ApproximateOption): Exchanged {
  const { datasets, texts }: Hdf5Group = readHdf5(WHERE, file, ['model_config', 'keras_version', 'training_config']);
  const config = texts.get('model_config');
  if (config === undefined) {
    throw outOfRange(WHERE, 'a file without model_config', 'one of model.save, which has more than the weights');
  }
  const topology = parseUntrusted(`${WHERE}: model_config`, config);
  const version = Number.parseInt(texts.get('keras_version') ?? '2', 10) >= 3 ? 3 : 2;
  const weightsOf = ({ names }: LayerPlace): LayerWeights => {
    // those of a model that is a layer are in its folder, under the names of their own layers
    const own = [...datasets].filter(([path]) => path.startsWith(`model_weights/${names[0]}/`));
    return weightsNamed(
      WHERE,
      own.map(([path, read]) => [path.slice('model_weights/'.length), read] as const),
      names,
    );
  };
  if (propertyOf(topology, 'class_name') === undefined)
    throw outOfRange(WHERE, 'a model_config without class_name', 'one');
  const training = texts.get('training_config');
  const compiled = training === undefined ? undefined : parseUntrusted(`${WHERE}: training_config`, training);
  const model = { topology, version, weightsOf, compiled } as const;
  return networkOfLayers(WHERE, { ...model, mostParameters: 4 * file.length + 1024 }, options);
}
