import { DATASETS, type DatasetName, EXTENT, type Point, type Task } from './datasets.js';
import { FEATURE_NAMES, type FeatureName } from './features.js';
import { cut } from './message.js';
import { OPTIMIZERS, type OptimizerName, STEPWISE_OPTIMIZERS } from './optimizers.js';
import {
  ACTIVATIONS,
  COSTS,
  type Cost,
  DEFAULT_STATE,
  type HiddenActivation,
  type HiddenLayer,
  LIMITS,
  type PlaygroundState,
} from './playground-state.js';

// The state of the playground as the part of an address after #, such as #data=spiral&layers=8:tanh,8:relu:0.25&seed=3.
// Links may come from anybody. A setting that does not have exactly the form written here is left out, and named in
// `problems`.

const MOST_CHARACTERS = 6000;
/** Points of the visitor's own that fit into a link. */
export const MOST_LINKED_POINTS = 400;

/** What a link contains besides the state: the hash that the weights have after some epochs. */
export interface Fingerprint {
  readonly epochs: number;
  readonly hash: string;
}

export interface ReadLink {
  readonly state: PlaygroundState;
  readonly fingerprint: Fingerprint | undefined;
  /** Sentences that name what was left out. */
  readonly problems: readonly string[];
}

const NUMBERS = ['noise', 'split', 'rate', 'batch', 'l1', 'l2', 'seed'] as const;
const DATA_NAMES = [...(Object.keys(DATASETS) as DatasetName[]), 'own'] as const;
const WHOLE: readonly string[] = ['noise', 'split', 'batch', 'seed'];

export function writeLink(state: PlaygroundState, fingerprint?: Fingerprint): string {
  const parts = [`data=${state.data}`];
  const usual = { ...DEFAULT_STATE, rate: OPTIMIZERS[state.optimizer].rate };
  for (const name of NUMBERS) if (state[name] !== usual[name]) parts.push(`${name}=${state[name]}`);
  parts.push(`features=${state.features.join(',')}`, `layers=${state.layers.map(layerText).join(',')}`);
  if (state.cost !== DEFAULT_STATE.cost) parts.push(`cost=${state.cost}`);
  if (state.optimizer !== DEFAULT_STATE.optimizer) parts.push(`optimizer=${state.optimizer}`);
  if (state.data === 'own') {
    parts.push(`task=${state.ownTask}`);
    if (state.own.length <= MOST_LINKED_POINTS) parts.push(`points=${pointsText(state.own)}`);
  }
  if (fingerprint) parts.push(`bits=${fingerprint.epochs}:${fingerprint.hash}`);
  return `#${parts.join('&')}`;
}

const layerText = ({ units, activation, dropout }: HiddenLayer) =>
  `${units}:${activation}${dropout > 0 ? `:${dropout}` : ''}`;

/** Four characters for x1, x2 and one for y, each a number in base 36. */
const pointsText = (points: readonly Point[]) =>
  points.map(({ x1, x2, y }) => digits(x1 / EXTENT) + digits(x2 / EXTENT) + digits(y)).join('');

const STEPS = 36 ** 2 - 1;
/** A number from -1 to 1 in two digits. */
const digits = (value: number) =>
  Math.round(((Math.max(-1, Math.min(1, value)) + 1) / 2) * STEPS)
    .toString(36)
    .padStart(2, '0');
const numberOf = (text: string) => (2 * Number.parseInt(text, 36)) / STEPS - 1;

/**
 * The point that a link gives back. Points are rounded to it at once, so that they have the same bits before and after.
 */
export function linkedPoint({ x1, x2, y }: Point): Point {
  return {
    x1: EXTENT * numberOf(digits(x1 / EXTENT)),
    x2: EXTENT * numberOf(digits(x2 / EXTENT)),
    y: numberOf(digits(y)),
  };
}

/** Thrown by the functions that read a part of a link. The message says what is wanted. */
class Unwanted extends Error {}

function readNumber(name: keyof typeof LIMITS, text: string, isWhole: boolean): number {
  const { least, most } = LIMITS[name];
  const value = /^[0-9.e-]{1,20}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) return value;
  throw new Unwanted(`${isWhole ? 'a whole number' : 'a number'} from ${least} to ${most}`);
}

function readName<T extends string>(names: readonly T[], text: string): T {
  const found = names.find((name) => name === text);
  if (found === undefined) throw new Unwanted(`one of ${names.join(', ')}`);
  return found;
}

function readFeatures(text: string): FeatureName[] {
  const names = text.split(',', FEATURE_NAMES.length + 1).map((name) => readName(FEATURE_NAMES, name));
  if (new Set(names).size < names.length) throw new Unwanted('each feature once');
  return FEATURE_NAMES.filter((name) => names.includes(name));
}

function readLayers(text: string): HiddenLayer[] {
  if (text === '') return [];
  const parts = text.split(',', LIMITS.layers.most + 1);
  if (parts.length > LIMITS.layers.most) throw new Unwanted(`at most ${LIMITS.layers.most} layers`);
  return parts.map((part) => {
    const [units, activation = 'tanh', dropout = '0', ...more] = part.split(':', 4);
    if (more.length > 0) throw new Unwanted('units:activation:dropout for each layer');
    return {
      units: readNumber('units', units, true),
      activation: readName<HiddenActivation>(ACTIVATIONS, activation),
      dropout: readNumber('dropout', dropout, false),
    };
  });
}

function readPoints(text: string): Point[] {
  const isRight = /^([0-9a-z]{6})*$/.test(text) && text.length <= 6 * MOST_LINKED_POINTS;
  if (!isRight) throw new Unwanted(`at most ${MOST_LINKED_POINTS} points of six characters`);
  return (text.match(/.{6}/g) ?? []).map((point) => ({
    x1: EXTENT * numberOf(point.slice(0, 2)),
    x2: EXTENT * numberOf(point.slice(2, 4)),
    y: numberOf(point.slice(4)),
  }));
}

function readFingerprint(text: string): Fingerprint {
  const [, epochs, hash] = /^(\d{1,3}):([0-9a-f]{16})$/.exec(text) ?? [];
  if (!hash || Number(epochs) < 1) throw new Unwanted('epochs from 1 to 999, and 16 digits of a hash');
  return { epochs: Number(epochs), hash };
}

type Changes = { -readonly [key in keyof PlaygroundState]?: PlaygroundState[key] } & { fingerprint?: Fingerprint };

function readPart(changes: Changes, key: string, text: string): void {
  const number = NUMBERS.find((name) => name === key);
  if (number) changes[number] = readNumber(number, text, WHOLE.includes(number));
  else if (key === 'data') changes.data = readName<PlaygroundState['data']>(DATA_NAMES, text);
  else if (key === 'task') changes.ownTask = readName<Task>(['classes', 'numbers'], text);
  else if (key === 'cost') changes.cost = readName(Object.keys(COSTS) as Cost[], text);
  else if (key === 'optimizer') changes.optimizer = readName<OptimizerName>(STEPWISE_OPTIMIZERS, text);
  else if (key === 'features') changes.features = readFeatures(text);
  else if (key === 'layers') changes.layers = readLayers(text);
  else if (key === 'points') changes.own = readPoints(text);
  else if (key === 'bits') changes.fingerprint = readFingerprint(text);
  else throw new Unwanted('a setting of the playground');
}

/** Reads the part of an address after #. */
export function readLink(hash: string): ReadLink {
  const text = hash.replace(/^#/, '');
  if (text.length > MOST_CHARACTERS) {
    const problem = `The link has ${text.length} characters; at most ${MOST_CHARACTERS} are read. It was left out.`;
    return { state: DEFAULT_STATE, fingerprint: undefined, problems: [problem] };
  }
  const changes: Changes = {};
  const problems: string[] = [];
  for (const part of text.split('&', 40).filter(Boolean)) {
    const at = part.indexOf('=');
    const [key, value] = at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
    try {
      readPart(changes, key, value);
    } catch (error) {
      if (!(error instanceof Unwanted)) throw error;
      problems.push(`“${cut(key)}” of the link is “${cut(value)}”; it should be ${error.message}. It was left out.`);
    }
  }
  const { fingerprint, ...settings } = changes;
  if (settings.optimizer && settings.rate === undefined) settings.rate = OPTIMIZERS[settings.optimizer].rate;
  if (settings.data === 'own' && (settings.own?.length ?? 0) < LIMITS.points.least) {
    problems.push('The link is to data of the visitor’s own, which it does not contain: drop the file here again.');
    settings.data = DEFAULT_STATE.data;
  }
  return { state: { ...DEFAULT_STATE, ...settings }, fingerprint, problems };
}
