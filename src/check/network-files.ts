// Tells the formats of networks apart by what their files contain. This file is loaded only where a file is of another
// format than the one that is read.

/** A format of networks that is read. */
export type NetworkFormat = 'simdprop' | 'onnx' | 'safetensors' | 'pytorch' | 'keras' | 'tfjs' | 'brain' | 'fann';

/** What reads a file of each format. */
const READERS: Readonly<Record<NetworkFormat, string>> = {
  simdprop: 'Network.load',
  onnx: 'readOnnx of simdprop/onnx',
  safetensors: 'readSafetensors of simdprop/safetensors',
  pytorch: 'readPyTorch of simdprop/pytorch',
  keras: 'readKeras of simdprop/keras',
  tfjs: 'readTfjs of simdprop/tfjs',
  brain: 'readBrain of simdprop/brain',
  fann: 'readFann of simdprop/fann',
};

/** The end of the message for a file of another format; empty if it is of none that is known. */
export function wayToReader(file: Uint8Array, own: NetworkFormat): string {
  const format = formatOf(file) ?? (isLikeOnnx(file) ? 'onnx' : undefined);
  return format === undefined || format === own ? '' : `: ${READERS[format]} reads it`;
}

/** The format that contents show. ONNX has no sign of its own. */
export function formatOf(bytes: Uint8Array): NetworkFormat | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 9));
  if (start.startsWith('SIMDPROP')) return 'simdprop';
  if (start.startsWith('\x89HDF')) return 'keras';
  if (/^FANN_F/.test(start)) return 'fann';
  // a pickle of version 2 to 5 that is not in an archive
  if (bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5) return 'pytorch';
  if (start.startsWith('PK\x03\x04')) return ofArchive(bytes);
  if (start[8] === '{' && lengthAtStart(bytes) <= bytes.length - 8) return 'safetensors';
  return /^(\xef\xbb\xbf)?\s*\{/.test(start) ? ofJson(bytes) : undefined;
}

/** True if a file begins with a version of ONNX's format and one of the fields that follow it. */
function isLikeOnnx([tag, version, next]: Uint8Array): boolean {
  return tag === 0x08 && version >= 1 && version <= 30 && [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42].includes(next);
}

const lengthAtStart = ({ buffer, byteOffset }: Uint8Array) =>
  Number(new DataView(buffer, byteOffset).getBigUint64(0, true));

/** By the names of the entries, which stand in an archive as they are. */
function ofArchive(bytes: Uint8Array): NetworkFormat | undefined {
  if (contains(bytes, 'model.weights.h5')) return 'keras';
  return contains(bytes, 'data.pkl') ? 'pytorch' : undefined;
}

function contains(bytes: Uint8Array, text: string): boolean {
  const codes = Array.from(text, (character) => character.charCodeAt(0));
  for (let at = bytes.indexOf(codes[0]); at >= 0; at = bytes.indexOf(codes[0], at + 1)) {
    if (codes.every((code, i) => bytes[at + i] === code)) return true;
  }
  return false;
}

function ofJson(bytes: Uint8Array): NetworkFormat | undefined {
  const json = Object(jsonIn(bytes)) as object;
  const has = (key: string) => Object.hasOwn(json, key);
  if (has('modelTopology') || has('weightsManifest')) return 'tfjs';
  return has('layers') ? 'brain' : undefined;
}

/** The value of JSON; undefined if the bytes are none: the reader of the format says why. */
export function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
