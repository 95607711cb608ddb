import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { readBrain } from '../../src/brain.js';
import { readFann } from '../../src/fann.js';
import { readKeras } from '../../src/keras.js';
import { readOnnx, writeOnnx } from '../../src/onnx.js';
import { readPyTorch } from '../../src/pytorch.js';
import { readSafetensors, writeSafetensors } from '../../src/safetensors.js';
import { readTfjs } from '../../src/tfjs.js';
import { randomNumbers, SEED } from '../random-numbers.js';
import { make } from './networks.js';
import { dense, INPUT, saved, WEIGHTS } from './tfjs-models.js';

// Valid files of other programs, and what damages them.

const FIXTURES = new URL('fixtures/', import.meta.url);
const read = (name: string) => new Uint8Array(readFileSync(new URL(name, FIXTURES)));
const named = (end: RegExp) => readdirSync(FIXTURES).filter((name) => end.test(name)).map(read); // biome-ignore format: one line

/** Numbers from 0 to below `below`, in an order that the seed decides. */
export function drawing(seed: number): (below: number) => number {
  const uniform = randomNumbers(seed);
  return (below) => Math.floor(below * uniform());
}

export const TFJS = saved([dense('a', 4, 'tanh', INPUT), dense('b', 2, 'linear')], WEIGHTS);

/** JSON with a value replaced, removed or moved; other files with damaged bytes. */
export function damagedFile(file: Uint8Array, draw: (below: number) => number): Uint8Array {
  if (file[0] !== 0x7b || draw(3) === 0) return damaged(file, draw);
  const json = JSON.parse(new TextDecoder().decode(file));
  const places: [object: Record<string, unknown>, key: string][] = [];
  const walk = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return;
    for (const key of Object.keys(value)) {
      places.push([value as Record<string, unknown>, key]);
      walk((value as Record<string, unknown>)[key]);
    }
  };
  walk(json);
  const [object, key] = places[draw(places.length)];
  const strange = [null, true, -1, 0, 1e308, 2 ** 53, '', '__proto__', [], {}, [[]], [null], { length: 1e9 }];
  const [other, from] = places[draw(places.length)];
  object[key] = [strange[draw(strange.length)], structuredClone(other[from]), undefined][draw(3)];
  return new TextEncoder().encode(JSON.stringify(json));
}

/** A file with some bytes changed, removed, repeated or cut off. */
function damaged(file: Uint8Array, draw: (below: number) => number): Uint8Array {
  const bytes = file.slice();
  const kind = draw(5);
  if (kind === 0) return bytes.subarray(0, draw(bytes.length));
  if (kind === 1) {
    const at = draw(bytes.length);
    bytes.copyWithin(at, draw(bytes.length));
    return bytes;
  }
  const extremes = [0, 1, 0x7f, 0x80, 0xff];
  for (let i = 0; i <= draw(8); i++) bytes[draw(bytes.length)] = kind === 2 ? extremes[draw(5)] : draw(256);
  return bytes;
}

type Reader = (file: Uint8Array) => Promise<{ network: { dispose(): void } }>;

/** For each reader: valid files, and the call that reads one. */
export const READERS: Readonly<Record<string, [() => Promise<Uint8Array[]>, Reader]>> = {
  readOnnx: [async () => [...named(/\.onnx$/), await writeOnnx(await make('names and scale'))], readOnnx],
  readSafetensors: [
    async () => [await writeSafetensors(await make('mixed layers and mixed outputs'))],
    readSafetensors,
  ],
  readPyTorch: [async () => named(/\.pt$/), (file) => readPyTorch(file, { activations: ['relu', 'linear'] })],
  readBrain: [async () => Object.values(JSON.parse(new TextDecoder().decode(read('brain-2.json')))).map((net) => new TextEncoder().encode(JSON.stringify((net as { json: object }).json))), readBrain], // biome-ignore format: one line
  readKeras: [async () => named(/\.(h5|keras)$/), readKeras],
  readFann: [async () => named(/\.net$/), readFann],
  readTfjs: [async () => [new TextEncoder().encode(JSON.stringify(TFJS[0]))], (file) => readTfjs(file, TFJS[1])],
};

/**
 * Reads a damaged copy of a file. Returns true if it is refused, false if it is taken. Fails unless the error is one of
 * this library. `which`: names the copy if it does.
 */
export async function isRefused(reader: Reader, file: Uint8Array, which: string): Promise<boolean> {
  try {
    (await reader(file)).network.dispose();
    return false;
  } catch (error) {
    const { message, stack } = error as Error;
    const isOurs = (error instanceof TypeError || error instanceof RangeError) && /: got .+, want /s.test(message);
    expect(isOurs, `seed ${SEED}, ${which}: ${stack}`).toBe(true);
    return true;
  }
}
