import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { textOf } from '../scripts/bytes-as-text.mjs';
import { decodeUtf8, encodeUtf8 } from '../src/check/utf8.js';
import type * as builds from '../src/core/builds.js';
import * as staticBuilds from '../src/core/builds.static.js';
import { fromText } from '../src/core/from-text.js';
import { makePlan } from '../src/core/memory-plan.js';
import { checkSpec } from '../src/spec/spec.js';
import type * as team from '../src/threads/team.js';
import * as staticTeam from '../src/threads/team.static.js';
import { randomNumbers } from './random-numbers.js';

// The parts of simdprop/static. The file itself is tested where it is packed: scripts/test-pack.mjs.

// everything that src/ imports from builds.ts is also in builds.static.ts
const bytesOf: typeof builds.bytesOf = staticBuilds.bytesOf;
const startTeam: typeof team.startTeam = staticTeam.startTeam;

describe('the core of simdprop/static', () => {
  it('is the same as the file that is shipped', async () => {
    const shipped = readFileSync(new URL('../build/shipped/simd.wasm', import.meta.url));
    expect(Buffer.compare(await bytesOf('simd'), shipped)).toBe(0);
  });

  it('refuses other builds', async () => {
    await expect(bytesOf('relaxed')).rejects.toThrow(
      "build: got relaxed in simdprop/static, want simd, or the import of 'simdprop'",
    );
  });

  it('has one thread, and registers of 128 bits', async () => {
    const spec = checkSpec({ inputs: 2, layers: [{ units: 1 }] });
    const start = (options: object) => startTeam(spec, 8, 'simd', options, undefined);
    const { plan } = await start({ threads: 1, wide: false });
    expect(plan).toEqual(makePlan(spec, 8));
    expect(await start({ threads: 'auto' })).toMatchObject({ plan, threadsReason: 'one thread in simdprop/static' });
    await expect(start({ threads: 2 })).rejects.toThrow(
      "threads: got 2 in simdprop/static, want 1, or the import of 'simdprop'",
    );
    await expect(start({ wide: true })).rejects.toThrow(
      "wide: got true in simdprop/static, want false, or the import of 'simdprop'",
    );
    await expect(start({ threads: 65 })).rejects.toThrow("threads: got 65, want an integer from 1 to 64, or 'auto'");
    await expect(start({ wide: 1 })).rejects.toThrow('wide: got 1, want true or false');
  });
});

it('text can stand for any bytes, and has no character that is escaped in a string', () => {
  const random = randomNumbers(1);
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const bytes = Uint8Array.from({ length: 1000 }, () => 256 * random());
  for (const some of [bytes, all, bytes.subarray(0, 1), bytes.subarray(0, 0)]) {
    const asText = textOf(some);
    for (const text of [asText.text, asText.alphabet]) expect(JSON.stringify(text)).toBe(`"${text}"`);
    expect(new Set(asText.alphabet).size).toBe(89);
    expect(fromText(asText)).toEqual(some);
  }
});

describe('text in UTF-8', () => {
  it('is that of TextEncoder, and is decoded to the same text', () => {
    for (const text of ['', 'SIMDPROP', '{"a":"%41%"}\n\0', 'é ß λ 数 😀', '\u0080\u07ff\u0800\uffff\u{10ffff}']) {
      expect(encodeUtf8(text)).toEqual(new Uint8Array(new TextEncoder().encode(text)));
      expect(decodeUtf8(encodeUtf8(text))).toBe(text);
    }
  });

  it('is refused if the bytes are not valid UTF-8', () => {
    // a continuation byte alone, a missing byte, an overlong form, half of a surrogate pair, a byte that never occurs
    for (const bytes of [[0x80], [0xe2, 0x82], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xff]]) {
      expect(() => decodeUtf8(Uint8Array.from(bytes))).toThrow(URIError);
    }
  });
});
