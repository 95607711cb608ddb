import { arrayType } from './arrays.js';
import { meant } from './similar.js';

// Says what was probably meant by an argument that an asynchronous call has refused. This file is loaded only then.

/** What was refused, and where. For an unknown word: the known ones. */
export interface Refusal {
  readonly where: string;
  readonly got: unknown;
  readonly known?: readonly string[] | undefined;
}

/** Adds what was probably meant to the error of a refusal. */
export function advise(error: Error, { where, got, known }: Refusal): void {
  const { message, stack } = error;
  // a text in a RangeError describes what was got, and is not what was given
  const isDescribed = typeof got === 'string' && error.name === 'RangeError';
  const way = known ? meant(String(got), known) : isDescribed ? undefined : wayFrom(where, got, message);
  if (way === undefined) return;
  // the message may have another way out already
  error.message += `${/, want .*: /.test(message) ? ';' : ':'} ${way}`;
  // some engines have the message in the stack
  if (stack) error.stack = stack.replace(message, () => error.message);
}

/** The end of a message that wants a number. */
const WANTS_NUMBER = /want an? (integer|number|positive number|finite number)[^:]*$/;

function wayFrom(where: string, got: unknown, message: string): string | undefined {
  const way = WAYS.find(([place]) => place.test(where))?.[1](got);
  if (way !== undefined || !WANTS_NUMBER.test(message)) return way;
  if (typeof got === 'string' && got.trim() !== '' && Number.isFinite(Number(got))) {
    return `${Number(got)} without quotes`;
  }
  return Array.isArray(got) && got.length === 1 && typeof got[0] === 'number' ? `${got[0]} alone` : undefined;
}

const isList = (value: unknown) => Array.isArray(value) || arrayType(value) !== undefined;

/** Ways from a value that was refused at a place, most special places first. undefined: none is known. */
const WAYS: readonly (readonly [place: RegExp, way: (got: unknown) => string | undefined])[] = [
  [/^data$/, wayToData],
  [
    /^options\.validation$/,
    (got) =>
      typeof got === 'number' ? 'options.validationSplit takes a share or a number of samples' : wayToData(got),
  ],
  [/^options\.earlyStopping$/, (got) => (got === true ? '{} has the default patience' : undefined)],
  [/^options\.validationSplit(\.share)?$/, wayToShare],
  [/^source$/, wayToSource],
  [/^data\.inputs/, wayToInputs],
  [/^load$/, wayToFile],
  [/^inputs$/, (got) => (got === undefined ? 'the number of input columns' : undefined)],
  [/^layers\[\d+\]\.units$/, (got) => (got === undefined ? 'every layer has units, such as { units: 10 }' : undefined)],
  [/^layers$/, (got) => (Array.isArray(got) || got === undefined ? 'the last layer is the output' : undefined)],
  [/^(classes|columns)\[\d+\]$/, (got) => (typeof got === 'number' ? 'String(value), or no names' : undefined)],
  [/^milliseconds$/, (got) => (Object(got) === got ? 'trainFor(data, milliseconds, options)' : undefined)],
  [/^options$/, wayToOptions],
];

/** From a text in place of options: a path, or anything else. */
function wayToOptions(got: unknown): string | undefined {
  if (typeof got !== 'string') return undefined;
  return /[./\\]/.test(got) ? 'saveFile(path, await net.save()) writes a file' : '{ name: value } for each option';
}

/** From something in place of a data set. */
function wayToData(got: unknown): string | undefined {
  if (!isList(got)) return undefined;
  const first = (got as ArrayLike<unknown>)[0];
  if (typeof first === 'object' && first !== null && 'input' in first && 'output' in first) {
    return '{ inputs: data.map(({ input }) => input), targets: data.map(({ output }) => output) }';
  }
  if (typeof first === 'object' && first !== null && 'inputs' in first) return 'fitStream takes data in several parts';
  return 'x and y are one argument, { inputs: x, targets: y }';
}

function wayToShare(got: unknown): string | undefined {
  if (got === 0) return 'leave it out for none';
  return typeof got === 'number' && got > 1 && got < 100 ? `${got} % is ${got / 100}` : undefined;
}

/** From something in place of a function that returns parts of data. */
function wayToSource(got: unknown): string | undefined {
  if (got === null || typeof got !== 'object') return undefined;
  if ('inputs' in got) return 'fitStream(() => [data]); fit takes one data set';
  if (Symbol.iterator in got || Symbol.asyncIterator in got) return 'fitStream(() => parts)';
  return undefined;
}

function wayToInputs(got: unknown): string | undefined {
  if (typeof got === 'boolean') return 'Number(value) converts it';
  if (got instanceof Set) return 'Array.from(values)';
  return typeof got === 'object' && got !== null && 'dataSync' in got ? 'its dataSync()' : undefined;
}

/** From something in place of the bytes of a file. */
function wayToFile(got: unknown): string | undefined {
  if (typeof got === 'string') {
    if (/^\s*[[{]/.test(got)) return 'save() writes bytes, which are no JSON';
    const isBase64 = got.length > 100 && /^[\w+/=-]+$/.test(got);
    return isBase64 ? 'Uint8Array.from(atob(text), (c) => c.charCodeAt(0)) decodes base64' : undefined;
  }
  if (Array.isArray(got)) return 'Uint8Array.from(bytes)';
  if (ArrayBuffer.isView(got)) return 'new Uint8Array(view.buffer, view.byteOffset, view.byteLength)';
  if (typeof got !== 'object' || got === null) return undefined;
  if ('0' in got) return 'Uint8Array.from(Object.values(bytes)) gets them from JSON of bytes';
  return undefined;
}
