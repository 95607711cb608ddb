import { outOfRange } from '../check/errors.js';
import { alphabet, first, text } from '../generated/simd-text.js';
import type { BuildName } from './core-options.js';

// Replaces builds.ts in simdprop/static. An AudioWorklet has neither atob nor DecompressionStream, so the build is
// neither base64 nor deflated: scripts/bytes-as-text.mjs writes it as text that is about as short after gzip.

export async function bytesOf(build: BuildName): Promise<Uint8Array<ArrayBuffer>> {
  if (build !== 'simd') throw outOfRange('build', `${build} in simdprop/static`, "simd, or the import of 'simdprop'");
  return fromText(text);
}

/** The bytes that scripts/bytes-as-text.mjs has written as this text. */
export function fromText(text: string): Uint8Array<ArrayBuffer> {
  const singles = alphabet.length - 2;
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    let value = alphabet.indexOf(text[i]);
    // the first character of a pair
    if (value >= singles) value = singles + alphabet.length * (value - singles) + alphabet.indexOf(text[++i]);
    bytes.push(value - first);
  }
  return Uint8Array.from(bytes);
}
