import type { Bytes } from '../check/bytes.js';
import { crc32 } from '../check/crc32.js';
import { counted, MAX_FLOAT, quote } from '../check/errors.js';
import { floatsOfHalves } from '../check/half-floats.js';
import { parseJson } from '../check/utf8.js';
import { type KnownGoal, TASKS } from '../data/task.js';
import { aligned, CHECKSUM_BYTES, MAGIC, PREFIX_BYTES, VERSION } from '../persistence/sections.js';
import { ACTIVATIONS, activationName, constantOf, isMixed } from '../spec/activations.js';
import { classCountOf, type Names } from '../spec/names.js';
import { countParameters, type ForwardSpec, outputsOf } from '../spec/spec.js';
import type { Standardization } from '../spec/standardization.js';

// Reads the part of a file that predictions depend on; what only training needs is left alone. A file is untrusted
// input. Network.load says of each part of a file what is wrong with it; here, few messages say it, because their texts
// are a part of a small download.

export interface ReadNetwork {
  readonly spec: ForwardSpec;
  readonly goal: KnownGoal;
  readonly names: Names;
  readonly standardization: Standardization | undefined;
  readonly targetScale: Standardization | undefined;
  /** For each layer w [units × fanIn] row-major, then b [units], then the slopes [units] of prelu. */
  readonly parameters: Float32Array;
  /** The encoder in the file of a model, as JSON of which nothing is checked; undefined: there is none. */
  readonly encoder: unknown;
}

interface FileSection {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** JSON of a file, of which nothing is checked yet. */
type Unchecked = Record<string, unknown>;

/** The sections that are read. Others may be there, if none needs them. */
const KNOWN = ['network', 'activations', 'parameters', 'standardization', 'targets', 'names', 'task'];

const MAX_WIDTH = 65_536;
const NEWER = 'one that this version knows';

/** The network in a file that save() has made. Throws a RangeError for every other file, and for detached bytes. */
export function readNetwork(bytes: Bytes): ReadNetwork {
  try {
    // a copy: another thread may change the bytes
    return networkOf(sectionsOf(new Uint8Array(bytes).slice()));
  } catch (cause) {
    throw new RangeError(`load: ${(cause as Error).message}`, { cause });
  }
}

function check(isRight: boolean, got: string, wanted = 'what save() writes'): void {
  if (!isRight) throw new RangeError(`got ${got}, want ${wanted}`);
}

function sectionsOf(file: Uint8Array): ReadonlyMap<string, FileSection> {
  const view = new DataView(file.buffer);
  const end = file.length - CHECKSUM_BYTES;
  // in a message, the beginning shows that the file is a page of HTML, an archive or a text
  const start = String.fromCharCode(...file.subarray(0, 99));
  check(end >= PREFIX_BYTES && start.startsWith(MAGIC), `${counted(file.length, 'byte')}: ${quote(start)}`);
  const version = view.getUint32(8, true);
  check(version === VERSION, `a file of version ${version}`, `${VERSION}: Network.load reads older ones`);
  check(crc32(file.subarray(0, end)) === view.getUint32(end, true), 'a file that is damaged or cut short');
  let at = PREFIX_BYTES + view.getUint32(12, true);
  const { sections } = parseJson('table', file.subarray(PREFIX_BYTES, at)) as { sections: Unchecked[] };
  return new Map(
    sections.map(({ name, type, bytes, required }) => {
      check(!required || KNOWN.includes(name as string), `the section ${name}`, NEWER);
      const start = at;
      at += aligned(bytes as number);
      return [name as string, { type: type as string, bytes: file.subarray(start, start + (bytes as number)) }];
    }),
  );
}

function networkOf(sections: ReadonlyMap<string, FileSection>): ReadNetwork {
  const bytesOf = (name: string, type: string, count?: number) => {
    const section = sections.get(name);
    check(section?.type === type, `a section ${name} of type ${section?.type}`, type);
    const { bytes } = section as FileSection;
    check(count === undefined || bytes.length === count, `${counted(bytes.length, 'byte')} of ${name}`);
    return bytes;
  };
  const jsonOf = (name: string) => (sections.has(name) ? parseJson(name, bytesOf(name, 'json')) : {}) as Unchecked;
  const scaleOf = (name: string, columns: number): Standardization | undefined => {
    if (!sections.has(name)) return undefined;
    const doubles = new Float64Array(bytesOf(name, 'f64', 16 * columns).slice().buffer);
    return { means: doubles.subarray(0, columns), deviations: doubles.subarray(columns) };
  };
  const { cost, ...network } = jsonOf('network');
  // files with newer activations have them in a section of their own
  const activations = sections.has('activations') ? (jsonOf('activations') as unknown as unknown[]) : undefined;
  const layers = activations?.map((activation, l) => ({ ...(network.layers as object[])[l], activation }));
  const spec = specOf({ ...network, ...(layers && { layers }) });
  const { task, isSigned } = jsonOf('task') as KnownGoal;
  check(task === undefined || TASKS.includes(task), `the task ${task}`);
  const { classes, columns } = jsonOf('names') as Names;
  const namesOf = (names: readonly string[] | undefined, count: number) => {
    check(!names || (names.length === count && names.every((name) => typeof name === 'string')), 'other names');
    return names && Object.freeze(names);
  };
  const count = countParameters(spec);
  const parameters =
    sections.get('parameters')?.type === 'f16'
      ? floatsOfHalves(bytesOf('parameters', 'f16', 2 * count))
      : new Float32Array(bytesOf('parameters', 'f32', 4 * count).slice().buffer);
  return {
    spec,
    goal: { ...(task && { task }), isSigned: isSigned ?? cost === 'hinge' },
    names: {
      classes: namesOf(classes, classCountOf(outputsOf(spec), task)),
      columns: namesOf(columns, spec.inputs),
    },
    standardization: scaleOf('standardization', spec.inputs),
    targetScale: scaleOf('targets', outputsOf(spec)),
    parameters,
    encoder: sections.has('encoder') ? jsonOf('encoder') : undefined,
  };
}

function specOf(network: Unchecked): ForwardSpec {
  const { inputs, layers, scale, scaled } = network as unknown as ForwardSpec;
  const checkWidth = (width: number) => {
    check(Number.isInteger(width) && width >= 1 && width <= MAX_WIDTH, `a width of ${width}`);
  };
  checkWidth(inputs);
  check(layers.length > 0, 'no layers');
  for (const layer of layers) {
    const { units, activation } = layer;
    checkWidth(units);
    check(!isMixed(activation) || activation.length === units, 'other activations');
    for (const one of [activation].flat()) {
      const name = activationName(one);
      const isKnown = Object.hasOwn(ACTIVATIONS, name) && Math.abs(constantOf(one)) <= MAX_FLOAT;
      check(isKnown, `the activation ${name}`, NEWER);
    }
  }
  // older files do not say to which arrays the scale applies: see docs/saving.md
  if (scaled === undefined) {
    return { inputs, layers, scale: scale ?? 1 / 255, scaled: scale === undefined ? 'bytes' : 'integers' };
  }
  return { inputs, layers, scale, scaled };
}
