import { outOfRange } from '../check/errors.js';
import * as simd from '../generated/simd-text.js';
import type { BuildName } from './core-options.js';
import { fromText } from './from-text.js';

// Replaces builds.ts in simdprop/static. An AudioWorklet has neither atob nor DecompressionStream, so the build is
// neither base64 nor deflated: scripts/bytes-as-text.mjs writes it as text that is about as short after gzip.

export async function bytesOf(build: BuildName): Promise<Uint8Array<ArrayBuffer>> {
  if (build !== 'simd') throw outOfRange('build', `${build} in simdprop/static`, "simd, or the import of 'simdprop'");
  return fromText(simd);
}
