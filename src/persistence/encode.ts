import { crc32 } from '../check/crc32.js';
import { keysOf } from '../check/errors.js';
import { encodeUtf8 } from '../check/utf8.js';
import type { Standardization } from '../data/standardization.js';
import type { Optimizer } from '../spec/optimizer.js';
import type { ClockState } from '../spec/schedule.js';
import type { Spec } from '../spec/spec.js';
import type { SavedTraining } from '../training/place.js';

// A saved network:
//
//   0       8         12             16
//   | magic | version | header bytes | header: JSON | parameters: f32 | means, deviations: f32 | arrays: f32 | CRC-32 |
//
// The parameters are weights and biases, layer by layer. The means and deviations of the inputs are there if the header
// says "standardized". If the header has "training", the arrays of floats that belong to it follow in the order of the
// header, which contains the length of each in its place. Numbers are little-endian. The checksum covers everything
// before it. decode.ts reads such files.

/**
 * The type that `Blob` and `fetch` accept: Uint8Array<ArrayBuffer>. TypeScript before 5.7 can read this form too; its
 * Uint8Array is not generic.
 */
export type SavedBytes = ReturnType<Uint8Array['slice']>;

/** Options of `save`. */
export interface SaveOptions {
  /** true: also saves everything that training needs to resume. Default false. */
  training?: boolean;
}

export const SAVE_KEYS = keysOf<SaveOptions>({ training: true });

export const MAGIC = 'SIMDPROP';
export const VERSION = 1;
export const PREFIX_BYTES = 16;
export const CHECKSUM_BYTES = 4;

export interface SavedNetwork {
  readonly spec: Spec;
  readonly optimizer: Optimizer;
  readonly trainingSamples: number | undefined;
  readonly epochsTrained: number;
  /** The state of the learning rate's schedule; undefined if the learning rate is a number or a function. */
  readonly schedule: ClockState | undefined;
  readonly standardization: Standardization | undefined;
  /** For each layer w [units x fanIn] row-major, then b [units]. */
  readonly parameters: Float32Array;
  readonly training?: SavedTraining;
}

export interface SavedHeader extends Omit<SavedNetwork, 'parameters' | 'standardization' | 'training'> {
  readonly standardized: true | undefined;
  /** Not checked yet. */
  readonly training: unknown;
}

export function encode({ parameters, standardization, spec, ...rest }: SavedNetwork): SavedBytes {
  const floats = standardization ? [parameters, standardization.means, standardization.deviations] : [parameters];
  const header = { network: optionsOf(spec), ...rest, ...(standardization && { standardized: true }) };
  const json = JSON.stringify(header, (_, value) => {
    if (value instanceof Float32Array) return floats.push(value) && value.length;
    // JSON does not have infinities and NaN
    return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
  });
  // spaces fill the header up to a multiple of four bytes, so that the parameters are aligned
  const headerBytes = encodeUtf8(json.padEnd(Math.ceil(json.length / 4) * 4));
  const parametersStart = PREFIX_BYTES + headerBytes.length;
  const checksumStart = floats.reduce((end, { byteLength }) => end + byteLength, parametersStart);
  const bytes = new Uint8Array(checksumStart + CHECKSUM_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(encodeUtf8(MAGIC));
  view.setUint32(8, VERSION, true);
  view.setUint32(12, headerBytes.length, true);
  bytes.set(headerBytes, PREFIX_BYTES);
  let start = parametersStart;
  for (const { buffer, byteOffset, byteLength } of floats) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), start);
    start += byteLength;
  }
  view.setUint32(checksumStart, crc32(bytes.subarray(0, checksumStart)), true);
  return bytes;
}

/** The options that make this spec. A custom cost is only named. */
function optionsOf({ cost, huberDelta, ...spec }: Spec): object {
  return { ...spec, cost: cost === 'huber' ? { name: 'huber', delta: huberDelta } : cost };
}
