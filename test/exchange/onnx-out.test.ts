import { describe, expect, it } from 'vitest';
import { readOnnx, writeOnnx } from '../../src/onnx.js';
import { createNetwork, loadNetwork } from '../build.js';
import { contentsOf, INPUTS, make, NETWORKS } from './networks.js';
import { distanceOf, runOnnx } from './onnxruntime.js';

const ROWS = INPUTS.length / 4;

describe.each(Object.keys(NETWORKS))('a network as an ONNX file: %s', (name) => {
  it('is computed by onnxruntime as the network predicts', async () => {
    const net = await make(name);
    const got = await runOnnx(await writeOnnx(net), INPUTS, ROWS);
    // weights up to 3, inputs up to 80, in f32 on both sides; the target scale multiplies by up to 100
    expect(distanceOf(got, net.predict(INPUTS))).toBeLessThan(2e-5);
  });

  it('comes back with the same bits', async () => {
    const net = await make(name);
    const { network, notes } = await readOnnx(await writeOnnx(net));
    expect(notes).toEqual([]);
    expect(contentsOf(network)).toEqual(contentsOf(net));
    // readOnnx makes a network of the default build; loadNetwork makes one of the build under test
    const copy = await loadNetwork(await network.save());
    const [again, wanted] = [copy.predict(INPUTS), net.predict(INPUTS)];
    expect(Buffer.from(again.buffer).equals(Buffer.from(wanted.buffer))).toBe(true);
  });
});

describe('writeOnnx', () => {
  it.each([13, 14, 17, 18, 20, 21, 22, 23, 24, 25])('writes files of opset %i', async (opset) => {
    const net = await make('mixed layers and mixed outputs');
    const file = await writeOnnx(net, { opset });
    expect(distanceOf(await runOnnx(file, INPUTS, ROWS), net.predict(INPUTS))).toBeLessThan(2e-5);
    expect((await readOnnx(file)).network.layers[0].getWeights()).toEqual(net.layers[0].getWeights());
  });

  it('refuses other opsets and options', async () => {
    const net = await make('one output');
    await expect(writeOnnx(net, { opset: 12 })).rejects.toThrow('options.opset: got 12, want an integer from 13 to 25');
    await expect(writeOnnx(net, { opsets: 13 } as object)).rejects.toThrow('unknown key "opsets"');
    await expect(writeOnnx({} as never)).rejects.toThrow('writeOnnx: got an object (Object), want a Network');
  });

  it('writes weights that are -0 and the smallest numbers', async () => {
    const weights = Float32Array.of(-0, 1e-45, 3e38, -1e-30);
    const net = await createNetwork({
      inputs: 4,
      layers: [{ units: 1, activation: 'linear', initializer: { weights } }],
    });
    const { network } = await readOnnx(await writeOnnx(net));
    expect(network.layers[0].getWeights()).toEqual(weights);
  });
});
