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
  await load(missingFor({ ...options, validation: material.data }, isLbfgs, false));
  if (isLbfgs) loaded.lbfgs?.checkLbfgs(spec, options);
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

interface Found {
  readonly place: string;
  readonly value: unknown;
}

/** The first value of this kind in options of this name, and its place; undefined: there is none. */
function find(isOfKind: (value: unknown) => boolean, place: string, value: unknown): Found | undefined {
  if (isOfKind(value)) return { place, value };
  const inner = Array.isArray(value)
    ? value.map((item, i) => [`${place}[${i}]`, item] as const)
    : isPlainObject(value)
      ? Object.entries(value).map(([key, item]) => [`${place}.${key}`, item] as const)
      : [];
  for (const [at, item] of inner) {
    const found = find(isOfKind, at, item);
    if (found) return found;
  }
  return undefined;
}

/** The first value of this kind in a setting. */
const findIn = ({ network, options }: Pick<Setting, 'network' | 'options'>, isOfKind: (value: unknown) => boolean) =>
  find(isOfKind, 'network', network) ?? find(isOfKind, 'options', options);

/** The first function among the options of a setting; undefined: there is none. */
export const functionIn = (setting: Pick<Setting, 'network' | 'options'>) =>
  findIn(setting, (value) => typeof value === 'function');

/** Refuses a setting that cannot be sent to a worker. */
export function checkSendable(setting: Setting): void {
  const found = functionIn(setting);
  if (!found) return;
  const wanted = 'no function: workers cannot be given one; workers: 0 trains in this thread';
  throw wrongType(found.place, found.value, wanted);
}

/** Refuses a setting that JSON cannot hold. */
export function checkJson(setting: Setting): void {
  const found = findIn(setting, (value) => !isJson(value));
  if (found) throw wrongType(found.place, found.value, 'what JSON can hold, since options.train gets its jobs as JSON');
}

/** True for what JSON can hold, whatever is in it. Typed arrays become lists. */
function isJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object') return ['string', 'boolean', 'undefined'].includes(typeof value);
  return value === null || Array.isArray(value) || isPlainObject(value) || ArrayBuffer.isView(value);
}
