import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readBrain } from '../../src/brain.js';
import { readFann } from '../../src/fann.js';
import { readKeras } from '../../src/keras.js';
import { readOnnx, writeOnnx } from '../../src/onnx.js';
import { readPyTorch } from '../../src/pytorch.js';
import { readSafetensors, writeSafetensors } from '../../src/safetensors.js';
import { node, onnxFile } from './graphs.js';
import { make } from './networks.js';

// Damaged files, read by every reader: each is either a network, or refused with a TypeError or RangeError of this
// library. No other error, no hang, no memory beyond what the file can hold.

const FIXTURES = new URL('fixtures/', import.meta.url);
const read = (name: string) => new Uint8Array(readFileSync(new URL(name, FIXTURES)));
const named = (end: RegExp) => readdirSync(FIXTURES).filter((name) => end.test(name)).map(read); // biome-ignore format: one line

const SEED = Number(process.env.SIMDPROP_SEED ?? 1);

/** Numbers from 0 to below `below`, in an order that the seed decides. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
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

const READERS: Readonly<
  Record<string, [() => Promise<Uint8Array[]>, (file: Uint8Array) => Promise<{ network: { dispose(): void } }>]>
> = {
  readOnnx: [async () => [...named(/\.onnx$/), await writeOnnx(await make('names and scale'))], readOnnx],
  readSafetensors: [
    async () => [await writeSafetensors(await make('mixed layers and mixed outputs'))],
    readSafetensors,
  ],
  readPyTorch: [async () => named(/\.pt$/), (file) => readPyTorch(file, { activations: ['relu', 'linear'] })],
  readBrain: [async () => Object.values(JSON.parse(new TextDecoder().decode(read('brain-2.json')))).map((net) => new TextEncoder().encode(JSON.stringify((net as { json: object }).json))), readBrain], // biome-ignore format: one line
  readKeras: [async () => named(/\.(h5|keras)$/), readKeras],
  readFann: [async () => named(/\.net$/), readFann],
};

describe.each(Object.keys(READERS))('%s', (name) => {
  it('takes or refuses every damaged file', async () => {
    const [filesOf, reader] = READERS[name];
    const files = await filesOf();
    expect(files.length).toBeGreaterThan(0);
    const draw = random(SEED + name.length);
    let refused = 0;
    for (let i = 0; i < 500; i++) {
      const file = damaged(files[i % files.length], draw);
      try {
        (await reader(file)).network.dispose();
      } catch (error) {
        refused++;
        const { message } = error as Error;
        const isOurs = (error instanceof TypeError || error instanceof RangeError) && /: got .+, want /s.test(message);
        expect(isOurs, `seed ${SEED}, file ${i}: ${(error as Error).stack}`).toBe(true);
      }
    }
    expect(refused).toBeGreaterThan(50);
  });
});

describe('files that were written to do harm', () => {
  const constants = { w: { shape: [1, 1], values: [1] } };
  const chain = (op: string, count: number, arity: 1 | 2) =>
    onnxFile({
      inputs: { x0: ['N', 1] },
      outputs: { y: ['N', 1] },
      constants,
      nodes: [
        node('MatMul', 'x0 w', 'x1'),
        ...Array.from({ length: count }, (_, i) =>
          node(op, arity === 1 ? `x${i + 1}` : `x${i + 1} x${i + 1}`, i === count - 1 ? 'y' : `x${i + 2}`),
        ),
      ],
    });

  it('ONNX: a function that doubles with every node', async () => {
    await expect(readOnnx(chain('Mul', 60, 2))).rejects.toThrow('a function of more than 2000 operations');
  });

  it('ONNX: functions within functions', async () => {
    await expect(readOnnx(chain('Sigmoid', 20_000, 1))).rejects.toThrow('a function of more than 2000 operations');
  });

  it('ONNX: absurd inputs and constants', async () => {
    const wide = onnxFile({ inputs: { x: ['N', 2 ** 40] }, outputs: { y: ['N'] }, nodes: [node('Relu', 'x', 'y')] });
    await expect(readOnnx(wide)).rejects.toThrow('want sizes from 1 to 65536');
    const many = onnxFile({
      inputs: { x: ['N', 65_536, 65_536] },
      outputs: { y: ['N'] },
      nodes: [node('Relu', 'x', 'y')],
    });
    await expect(readOnnx(many)).rejects.toThrow('want at most 65536');
    const large = onnxFile({
      inputs: { x: ['N', 1] },
      outputs: { y: ['N', 1] },
      constants: { ...constants, s: { shape: [2], values: [65_536, 65_536], type: 'int64' } },
      nodes: [node('ConstantOfShape', 's', 'c'), node('MatMul', 'x c', 'y')],
    });
    await expect(readOnnx(large)).rejects.toThrow('numbers that are computed');
  });

  it('JSON: __proto__ and constructor are names like others', async () => {
    const json = JSON.parse('{"type":"NeuralNetwork","sizes":[1,1],"layers":[{},{"weights":[[1]],"biases":[1]}],"inputLookup":{"__proto__":0}}'); // biome-ignore format: one line
    const { network } = await readBrain(json);
    expect(network.columns).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)[0]).toBeUndefined();
  });
});
