import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readOnnx } from '../../src/onnx.js';
import { distanceOf } from './onnxruntime.js';

// Files that exporters wrote, with what their own programs compute: test/exchange/fixtures has the scripts.

const read = (name: string) => new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));

interface Expected {
  readonly x: number[];
  readonly y: number[];
  readonly layers: string;
  readonly labels: (string | number | number[])[];
}

const expectedIn = (name: string): [string, Expected][] =>
  Object.entries(JSON.parse(new TextDecoder().decode(read(name))));

describe('random networks of PyTorch', () => {
  it.each(expectedIn('random-torch.json'))('%s', async (number, { x, y, layers }) => {
    const { network, notes } = await readOnnx(read(`random-torch-${number}.onnx`));
    const isLog = notes.some((note) => note.startsWith('logarithms'));
    const wanted = isLog ? y.map(Math.exp) : y;
    expect(distanceOf(network.predict(Float32Array.from(x)), wanted), layers).toBeLessThan(1e-5);
  });
});

describe('networks of scikit-learn', () => {
  const refused: Record<string, string> = {
    'two-numbers': 'got [batch,2] to [-1,1], want [-1,2] or another shape that keeps samples apart; or pass options.output', // biome-ignore format: one line
  };
  it.each(expectedIn('skl2onnx.json'))('%s', async (name, { x, y, labels }) => {
    const file = read(`skl2onnx-${name}.onnx`);
    if (name in refused) {
      await expect(readOnnx(file)).rejects.toThrow(refused[name]);
      const { network } = await readOnnx(file, { output: 'add_result1' });
      expect(distanceOf(network.predict(Float32Array.from(x)), y)).toBeLessThan(1e-6);
      return;
    }
    const { network, threshold } = await readOnnx(file);
    const inputs = Float32Array.from(x);
    expect(distanceOf(network.predict(inputs), y)).toBeLessThan(1e-6);
    const task = name === 'numbers' ? undefined : name.includes('labels') ? 'labels' : 'classes';
    expect([network.task, threshold]).toEqual([task, task === 'labels' ? 0.5 : undefined]);
    if (!task) return;
    const nameOf = (place: number) => network.classes?.[place] ?? place;
    const wanted = labels.map((own) => (Array.isArray(own) ? own.flatMap((is, k) => (is ? [nameOf(k)] : [])) : own));
    expect(network.classify(inputs, { threshold })).toEqual(wanted);
  });
});
