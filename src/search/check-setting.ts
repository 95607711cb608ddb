import { orDefault, wrongType } from '../check/errors.js';
import { checkInitializers } from '../model/initializer.js';
import { defaultOptimizer } from '../spec/optimizer.js';
import { applyFeatures, load, loaded, missingFor } from '../training/features.js';
import { checkSettings, stepSizesOf } from '../training/options.js';
import { checkExperiment, type Experiment } from './experiment.js';
import { dealFolds } from './folds.js';
import { type Material, splitOf } from './part.js';
import { isPlainObject, type Setting } from './space.js';

// Every setting is checked before the first training, so that a wrong value does not end a search after hours.

/** Checks a setting as `create` and `fit` will. Returns it with the data as it reads them. */
export async function checkSetting(setting: Setting, material: Material): Promise<Experiment> {
  const { validation } = material;
  const experiment = checkExperiment(setting.network, material.data, { ...setting.options, validation }, []);
  const { spec, goal, options, data, preparation } = experiment;
  checkInitializers(setting.network.layers, spec.layers, spec.inputs);
  const settings = checkSettings(options, preparation, orDefault(options.optimizer, defaultOptimizer()));
  const { optimizer } = settings;
  const isLbfgs = optimizer.name === 'lbfgs';
  await load(missingFor({ ...options, validation: material.data }, isLbfgs));
  if (isLbfgs) loaded.lbfgs?.checkLbfgs(spec);
  // early stopping needs any validation data
  const weighed = applyFeatures(options, { data, validation: data, goal }, preparation).data;
  for (const samples of trainingSizes({ ...experiment, data: weighed }, material)) {
    stepSizesOf(settings, samples, optimizer);
  }
  return experiment;
}

/** The numbers of samples that the networks of a setting are trained on. */
function trainingSizes(experiment: Experiment, { validation, folds, split }: Material): readonly number[] {
  const { samples } = experiment.data;
  if (validation) return [samples];
  if (!folds) return [splitOf(experiment, split).training.samples];
  const sizes = new Array<number>(folds.folds).fill(samples);
  for (const fold of dealFolds(experiment, folds)) sizes[fold]--;
  return sizes;
}

/** The place of the first function among options; undefined: there is none. */
function functionIn(place: string, value: unknown): string | undefined {
  if (typeof value === 'function') return place;
  const inner = Array.isArray(value)
    ? value.map((item, i) => [`${place}[${i}]`, item] as const)
    : isPlainObject(value)
      ? Object.entries(value).map(([key, item]) => [`${place}.${key}`, item] as const)
      : [];
  for (const [at, item] of inner) {
    const found = functionIn(at, item);
    if (found) return found;
  }
  return undefined;
}

/** The place of the first function among the options of a setting; undefined: there is none. */
export const functionOf = ({ network, options }: Pick<Setting, 'network' | 'options'>) =>
  functionIn('network', network) ?? functionIn('options', options);

/** Refuses a setting that cannot be sent to a worker. */
export function checkSendable(setting: Setting): void {
  const place = functionOf(setting);
  if (place === undefined) return;
  const wanted = 'no function: workers cannot be given one; workers: 0 trains in this thread';
  throw wrongType(place, () => {}, wanted);
}
