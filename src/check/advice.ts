import { arrayType } from './arrays.js';
import type { Refusal } from './refusals.js';
import { addWay, meant } from './similar.js';

// Says what was probably meant by an argument that an asynchronous call has refused. This file is loaded only then.

/** Adds what was probably meant to the error of a refusal. */
export function advise(error: Error, refusal: Refusal): void {
  const way = wayFrom(refusal, error.name === 'RangeError');
  if (way !== undefined) addWay(error, way);
}

function wayFrom({ where, got, known, accepts }: Refusal, isRange: boolean): string | undefined {
  if (known) return meant(String(got), known);
  // if `got` of a RangeError is a text, it describes the value and is not the value
  if (typeof got === 'string' && isRange) return undefined;
  for (const [place, wayOf] of WAYS) {
    const way = place.test(where) ? wayOf(got, accepts) : undefined;
    if (way !== undefined) return way;
  }
  if (!Array.isArray(got) || got.length === 0 || got.length > MOST_CHOICES || !accepts) return undefined;
  if (!got.every((value) => typeof value === 'number' && accepts(value))) return undefined;
  return got.length === 1 ? `${got[0]} alone` : `oneOf([${got.join(', ')}]) in simdprop/search, or one of them`;
}

/** The longest list of values that a message repeats. */
const MOST_CHOICES = 10;

const isList = (value: unknown) => Array.isArray(value) || arrayType(value) !== undefined;

/** A way from a value that was refused; undefined: none is known. `accepts`: see Refusal. */
type Way = (got: unknown, accepts: Refusal['accepts']) => string | undefined;

/** The ways at places; the first that is known counts. */
const WAYS: readonly (readonly [place: RegExp, way: Way])[] = [
  [/^options\.(validationSplit|earlyStopping|classWeights|batches|stopAt|signal|on[A-Z]\w*)$/, wayToNone],
  [/^data$/, wayToData],
  [/^options\.validation$/, wayToValidation],
  [/^options\.earlyStopping$/, (got) => (got === true ? '{} has the default patience' : undefined)],
  [/^options\.validation(Split)?\.share$/, wayToCount],
  [/^options\.validation(Split)?\.count$/, (got) => (isShare(got) ? `{ share: ${got} } is a share` : undefined)],
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
  return /[./\\]/.test(got) ? 'saveFile(path, bytes) writes what this call returns' : '{ name: value } for each option';
}

/** From something in place of a data set. */
function wayToData(got: unknown): string | undefined {
  if (typeof got === 'object' && got !== null && 'samples' in got) return 'the arrays that it was prepared from';
  if (!isList(got)) return undefined;
  const first = (got as ArrayLike<unknown>)[0];
  if (typeof first === 'object' && first !== null && 'input' in first && 'output' in first) {
    return '{ inputs: data.map(({ input }) => input), targets: data.map(({ output }) => output) }';
  }
  if (typeof first === 'object' && first !== null && 'inputs' in first) return 'fitStream takes data in several parts';
  return 'x and y are one argument, { inputs: x, targets: y }';
}

/** The way from false and null, which mean "none" in other options, where "none" is the default. */
function wayToNone(got: unknown): string | undefined {
  return got === false || got === null ? 'leave it out for none' : undefined;
}

/** The way from a wrong `validation`. `accepts`: given for TableModel.fit, whose `validation` may also be a share. */
function wayToValidation(got: unknown, accepts: Refusal['accepts']): string | undefined {
  if (accepts) return got === 0 || got === null ? 'false for none' : wayToShare(got);
  if (got === false) return wayToNone(got);
  return typeof got === 'number' ? 'options.validationSplit takes a share or a number of samples' : wayToData(got);
}

const isShare = (got: unknown) => typeof got === 'number' && got > 0 && got < 1;

function wayToCount(got: unknown): string | undefined {
  return Number.isInteger(got) && (got as number) > 0 ? `{ count: ${got} } is a number of them` : undefined;
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
