import { checkFinite, checkObject, keysOf, outOfRange } from '../check/errors.js';
import type { Standardization } from '../spec/standardization.js';
import type { Exchanged, ExchangedTask } from './exchanged.js';
import { listAt, parseUntrusted } from './json.js';

// What writeOnnx adds to a file for readOnnx: options of training, names, and numbers in more digits than the graph has
// them. Other programs ignore it. readOnnx believes only what agrees with the graph, or what does not change outputs.

/** The key among the metadata of a file. */
export const OWN_KEY = 'simdprop';

export interface OwnMetadata {
  readonly classes?: readonly string[];
  readonly columns?: readonly string[];
  readonly task?: ExchangedTask;
  readonly threshold?: number;
  readonly training?: Exchanged['training'];
  readonly scale?: number;
  readonly standardization?: Standardization;
  readonly targets?: Standardization;
  /** The name of the value that the scale of the targets is applied to. */
  readonly output?: string;
}

const KEYS = keysOf<OwnMetadata>({
  classes: true,
  columns: true,
  task: true,
  threshold: true,
  training: true,
  scale: true,
  standardization: true,
  targets: true,
  output: true,
});

export function ownJson({ standardization, targets, ...rest }: OwnMetadata): string {
  const list = (scale: Standardization | undefined) =>
    scale && { means: [...scale.means], deviations: [...scale.deviations] };
  return JSON.stringify({ ...rest, standardization: list(standardization), targets: list(targets) });
}

export function ownMetadataOf(where: string, metadata: ReadonlyMap<string, string>): OwnMetadata | undefined {
  const text = metadata.get(OWN_KEY);
  if (text === undefined) return undefined;
  const label = `${where}: metadata ${OWN_KEY}`;
  const json = parseUntrusted(label, text);
  checkObject(label, json, KEYS);
  const { standardization, targets, threshold, ...rest } = json as Omit<
    OwnMetadata,
    'standardization' | 'targets' | 'threshold'
  > & { standardization?: unknown; targets?: unknown; threshold?: unknown };
  return {
    // Network.create checks these
    ...rest,
    ...(threshold !== undefined && { threshold: checkFinite(`${label}.threshold`, threshold) }),
    ...(standardization !== undefined && { standardization: scaleAt(`${label}.standardization`, standardization) }),
    ...(targets !== undefined && { targets: scaleAt(`${label}.targets`, targets) }),
  };
}

function scaleAt(where: string, value: unknown): Standardization {
  checkObject(where, value, ['means', 'deviations']);
  const { means, deviations } = value as Record<string, unknown>;
  const numbers = (name: string, list: unknown) =>
    Float64Array.from(listAt(`${where}.${name}`, list), (item) => {
      if (typeof item !== 'number') throw outOfRange(`${where}.${name}`, String(item), 'numbers');
      return item;
    });
  return { means: numbers('means', means), deviations: numbers('deviations', deviations) };
}
