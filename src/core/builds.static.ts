import { outOfRange } from '../check/errors.js';
import { base64 } from '../generated/simd-plain.js';
import type { BuildName } from './core-options.js';

// Replaces builds.ts in simdprop/static. An AudioWorklet has neither atob nor DecompressionStream, so the build is not
// deflated. That makes the download 3.7 KB larger and saves a hundred lines that would inflate it.

export async function bytesOf(build: BuildName): Promise<Uint8Array<ArrayBuffer>> {
  if (build !== 'simd') throw outOfRange('build', `${build} in simdprop/static`, "simd, or the import of 'simdprop'");
  return fromBase64(base64);
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array((text.replace(/=+$/, '').length * 3) >> 2);
  let held = 0;
  let end = 0;
  for (let i = 0; end < bytes.length; i++) {
    held = (held << 6) | sixBits(text.charCodeAt(i));
    // four characters hold three bytes
    if (i % 4 > 0) bytes[end++] = held >> (6 - 2 * (i % 4));
  }
  return bytes;
}

function sixBits(character: number): number {
  if (character >= 97) return character - 97 + 26; // a to z
  if (character >= 65) return character - 65; // A to Z
  if (character >= 48) return character - 48 + 52; // 0 to 9
  return character === 43 ? 62 : 63; // + and /
}
