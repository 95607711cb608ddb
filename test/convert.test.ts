import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { fromHalf, toHalf } from '../src/check/half-floats.js';
import { Network, sgd } from '../src/index.js';
import { readOnnx } from '../src/onnx.js';
import { readSafetensors, writeSafetensors } from '../src/safetensors.js';
import { TableModel } from '../src/tabular.js';
import { createNetwork } from './build.js';
import { hasCompiler } from './exchange/compiler.js';
import { outside, withConstants } from './exchange/onnx-external.js';
import { distanceOf } from './exchange/onnxruntime.js';
import { dense, INPUT, saved, WEIGHTS } from './exchange/tfjs-models.js';
import { simdprop } from './run-command.js';

// simdprop convert and info, on files of every format.

const FIXTURES = fileURLToPath(new URL('exchange/fixtures/', import.meta.url));
const fixture = (name: string) => join(FIXTURES, name);

let folder: string;
const at = (name: string) => join(folder, name);
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const brain = (version: number) =>
  JSON.parse(readFileSync(fixture(`brain-${version}.json`), 'utf8')) as Record<string, { json: object }>;

const WEIGHTS_OUTSIDE = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6, 0.5, -0.5, 0.25).buffer);
const outsideAt = (location: string) =>
  withConstants([
    outside('w', [3, 2], { location, offset: '0', length: '24' }),
    outside('b', [3], { location, offset: '24', length: '12' }),
  ]);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'simdprop-convert-'));
  const [model, files] = saved([dense('a', 4, 'tanh', INPUT), dense('b', 2, 'linear')], WEIGHTS);
  writeFileSync(at('model.json'), json(model));
  writeFileSync(at('weights.bin'), files['weights.bin']);
  writeFileSync(at('brain.json'), json(brain(2).names.json));
  writeFileSync(at('outside.onnx'), outsideAt('net.onnx.data'));
  writeFileSync(at('net.onnx.data'), WEIGHTS_OUTSIDE);
  const options = {
    inputs: 3,
    layers: [{ units: 4, activation: 'gelu' as const, dropout: 0.1 }, { units: 2 }],
    seed: 1,
  };
  const net = await createNetwork(options);
  const data = { inputs: new Float32Array(30).map((_, i) => Math.sin(i)), targets: new Float32Array(20) };
  await net.fit(data, { epochs: 2, optimizer: sgd({ learningRate: 0.01 }), standardize: true });
  writeFileSync(at('net.simdprop'), await net.save({ training: true }));
  writeFileSync(at('net.safetensors'), await writeSafetensors(net, { threshold: 0.75 }));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file of each format, and the flags that it needs. */
const SOURCES: Readonly<Record<string, readonly [path: () => string, ...flags: string[]]>> = {
  simdprop: [() => at('net.simdprop')],
  onnx: [() => fixture('pytorch-standardized-17.onnx')],
  safetensors: [() => at('net.safetensors')],
  pytorch: [() => fixture('pytorch-state.pt'), '--activations', 'relu, softmax'],
  keras: [() => fixture('keras-2.h5')],
  tfjs: [() => at('model.json')],
  brain: [() => at('brain.json')],
  fann: [() => fixture('fann-symmetric.net')],
};

const TARGETS: Readonly<Record<string, string>> = {
  simdprop: 'simdprop',
  onnx: 'onnx',
  safetensors: 'safetensors',
  js: 'mjs',
  c: 'h',
};

/** What a header of C computes from rows of inputs. */
function outputsOfHeader(path: string, x: Float32Array, { inputs, outputs }: Network): Float32Array {
  const rows = x.length / inputs;
  writeFileSync(
    at('main.c'),
    `#include <stdio.h>
#include "${path}"
int main(void) {
    float x[${inputs}], y[${outputs}];
    FILE *in = fopen("${at('x')}", "rb"), *out = fopen("${at('y')}", "wb");
    for (int r = 0; r < ${rows}; r++) {
        if (fread(x, 4, ${inputs}, in) != ${inputs}) return 1;
        network_predict(x, y);
        fwrite(y, 4, ${outputs}, out);
    }
    return fclose(in) || fclose(out);
}
`,
  );
  writeFileSync(at('x'), new Uint8Array(x.buffer));
  execFileSync('gcc', ['-Wall', '-Wextra', '-Werror', '-pedantic', '-std=c99', at('main.c'), '-lm', '-o', at('main')]);
  execFileSync(at('main'));
  return new Float32Array(new Uint8Array(readFileSync(at('y'))).buffer);
}

describe.each(Object.keys(SOURCES))('simdprop convert: %s', (from) => {
  test.each(Object.keys(TARGETS))('to %s, without another word than the paths', async (to) => {
    const [path, ...flags] = SOURCES[from];
    const target = at(`from-${from}.${TARGETS[to]}`);
    const { code, out, err } = await simdprop(['convert', path(), target, '--json', ...flags]);
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ from: { file: path(), format: from }, to: { file: target, format: to } });
    expect(JSON.parse(out).to.bytes).toBe(readFileSync(target).length);
    // the same network, converted to a simdprop file
    const direct = at('direct.simdprop');
    expect((await simdprop(['convert', path(), direct, ...flags])).code).toBe(0);
    const network = await Network.load(readFileSync(direct));
    const x = new Float32Array(4 * network.inputs).map((_, i) => Math.sin(3 * i));
    const wanted = network.predict(x);
    const bytes = readFileSync(target);
    if (to === 'simdprop') expect((await Network.load(bytes)).predict(x)).toEqual(wanted);
    if (to === 'onnx') expect((await readOnnx(bytes)).network.predict(x)).toEqual(wanted);
    if (to === 'safetensors') expect((await readSafetensors(bytes)).network.predict(x)).toEqual(wanted);
    if (to === 'js') {
      const { predict } = await import(pathToFileURL(target).href);
      expect(distanceOf(predict(x), wanted)).toBeLessThan(1e-6);
    }
    if (to === 'c') {
      expect(bytes.toString()).toContain('static inline void network_predict(');
      if (hasCompiler) expect(distanceOf(outputsOfHeader(target, x, network), wanted)).toBeLessThan(2e-5);
    }
  });

  it('is shown by info, as text and as JSON', async () => {
    const [path, ...flags] = SOURCES[from];
    const { code, out, err } = await simdprop(['info', path(), ...flags]);
    expect(code, err).toBe(0);
    expect(out).toContain(`format      ${from}\n`);
    expect(out).toMatch(/\nlayers {6}\d+ \(/);
    const shown = JSON.parse((await simdprop(['info', path(), ...flags, '--json'])).out);
    expect(shown).toMatchObject({ file: path(), format: from, bytes: readFileSync(path()).length });
    expect(shown.parameters).toBeGreaterThan(0);
  });
});

/** What is written in place of files that only other programs write. */
const IN_PLACE: Readonly<Record<string, string>> = {
  'a.pt': 'want a .safetensors file, which PyTorch reads',
  'a.keras': 'want an .onnx file',
  'a.h5': 'want an .onnx file',
  'a.json': 'want an .onnx file, or a .js module',
  'a.net': 'want a .h header of C',
};

test.each(Object.keys(SOURCES))('simdprop convert: %s to formats that are only read', async (from) => {
  const [path, ...flags] = SOURCES[from];
  for (const [name, wanted] of Object.entries(IN_PLACE)) {
    const { code, err } = await simdprop(['convert', path(), at(name), ...flags]);
    expect(err).toContain(`got an ending of no format that is written, ${wanted}`);
    expect(code).toBe(2);
  }
});

describe('simdprop convert --precision f16', () => {
  const halves = (network: Network) =>
    network.layers.map((layer) => [layer.getWeights(), layer.getBiases()].map((values) => values.map((value) => fromHalf(toHalf(value))))); // biome-ignore format: one line

  test.each(['simdprop', 'safetensors'])('writes a %s file of half the size', async (to) => {
    const big = await createNetwork({ inputs: 60, layers: [{ units: 40, activation: 'tanh' }, { units: 2 }], seed: 1 });
    big.setStandardization({ means: new Array(60).fill(1 / 3), deviations: new Array(60).fill(2) });
    writeFileSync(at('big.simdprop'), await big.save());
    for (const precision of ['f32', 'f16']) {
      const args = ['convert', at('big.simdprop'), at(`${precision}.${to}`), '--precision', precision, '--json'];
      const { code, out, err } = await simdprop(args);
      expect(code, err).toBe(0);
      expect(JSON.parse(out).lost).toEqual(
        precision === 'f16' ? ['all but 11 bits of each weight, bias and slope'] : [],
      );
    }
    const [whole, half] = ['f32', 'f16'].map((name) => readFileSync(at(`${name}.${to}`)));
    expect(Math.abs(whole.length - half.length - 2 * big.parameters)).toBeLessThan(16);
    const network = to === 'simdprop' ? await Network.load(half) : (await readSafetensors(half)).network;
    expect(network.layers.map((layer) => [layer.getWeights(), layer.getBiases()])).toEqual(halves(big));
    expect(network.getStandardization()).toEqual(big.getStandardization());
  });

  it('leaves the state of training behind, and says so', async () => {
    const { err, code } = await simdprop(['convert', at('net.simdprop'), at('half.simdprop'), '--precision', 'f16']);
    expect(code, err).toBe(0);
    expect(err).toContain('Left behind: the state of training.\n');
    expect((await Network.load(readFileSync(at('half.simdprop')))).steps).toBe(0);
  });

  it('keeps the encoder of a table', async () => {
    const rows = Array.from({ length: 8 }, (_, i) => ({ color: i % 2 ? 'red' : 'blue', y: 1.5 * i }));
    const model = await TableModel.fit(rows, { target: 'y', epochs: 1, hidden: [3], validation: false });
    writeFileSync(at('table.simdprop'), await model.save());
    const { code } = await simdprop(['convert', at('table.simdprop'), at('half-table.simdprop'), '--precision', 'f16']);
    expect(code).toBe(0);
    const half = await TableModel.load(readFileSync(at('half-table.simdprop')));
    const [got, wanted] = [half, model].map((one) => Number(one.predict(rows[0]).value));
    expect(Math.abs(got - wanted)).toBeLessThan(0.01 * (1 + Math.abs(wanted)));
  });

  it.each(['onnx', 'mjs', 'h'])('is refused for a .%s file', async (ending) => {
    const { err, code } = await simdprop(['convert', at('net.simdprop'), at(`a.${ending}`), '--precision', 'f16']);
    expect(err).toMatch(
      /--precision: got it for a file of the format \w+, want it left out, or simdprop or safetensors/,
    );
    expect(code).toBe(2);
  });

  it('is refused for other precisions, and for weights that are too large', async () => {
    const other = await simdprop(['convert', at('net.simdprop'), at('a.simdprop'), '--precision', 'f8']);
    expect(other.err).toContain('--precision: got "f8", want one of f32, f16');
    const net = await createNetwork({ inputs: 2, layers: [{ units: 1 }] });
    net.layers[0].setWeights(Float32Array.of(1, 7e4));
    writeFileSync(at('large.simdprop'), await net.save());
    for (const [to, place] of [
      ['simdprop', 'save: layers[0], unit 0, weight 1'],
      ['safetensors', 'writeSafetensors: layers.0.weight[1]'],
    ]) {
      const { err, code } = await simdprop(['convert', at('large.simdprop'), at(`a.${to}`), '--precision', 'f16']);
      expect(err).toContain(`${place}: got 70000, want at most 65504 in size for the precision f16: f32 holds it`);
      expect(code).toBe(1);
    }
  });
});

describe('simdprop convert', () => {
  it('tells what comes in changed, and what stays behind', async () => {
    const threshold = await simdprop(['convert', at('brain.json'), at('a.simdprop')]);
    expect(threshold.err).toContain('Left behind: the threshold 0.25: pass { threshold: 0.25 } to classify.\n');
    expect(threshold.out).toBe('');
    const kept = await simdprop(['convert', at('brain.json'), at('a.safetensors'), '--json']);
    expect(JSON.parse(kept.out).lost).toEqual([]);
    expect((await readSafetensors(readFileSync(at('a.safetensors')))).threshold).toBe(0.25);
    const onnx = await simdprop(['convert', at('brain.json'), at('b.onnx'), '--json']);
    expect(JSON.parse(onnx.out).lost).toEqual([]);
    expect((await readOnnx(readFileSync(at('b.onnx')))).threshold).toBe(0.25);
    const soft = await simdprop(['convert', fixture('pytorch-logsoftmax-17.onnx'), at('a.simdprop')]);
    expect(soft.err).toContain('Changed: logarithms of a softmax come in as the softmax');
    const trained = await simdprop(['convert', at('net.simdprop'), at('a.onnx'), '--json']);
    expect(JSON.parse(trained.out).lost).toEqual([
      'the optimizer, sgd, and the state of training',
      'dropout and the limits of weights',
    ]);
    const program = await simdprop(['convert', at('net.simdprop'), at('a.h'), '--name', 'xor']);
    expect(program.err).toContain('Left behind: what only training needs');
    expect(readFileSync(at('a.h'), 'utf8')).toContain('void xor_predict(');
  });

  it('keeps the state of training between files of simdprop', async () => {
    expect((await simdprop(['convert', at('net.simdprop'), at('same.simdprop')])).code).toBe(0);
    expect(readFileSync(at('same.simdprop'))).toEqual(readFileSync(at('net.simdprop')));
  });

  it('tells that the encoder of a table stays behind', async () => {
    const model = await TableModel.fit(
      Array.from({ length: 8 }, (_, i) => ({ color: i % 2 ? 'red' : 'blue', y: 1.5 * i })),
      { target: 'y', epochs: 1, hidden: [], validation: false },
    );
    writeFileSync(at('model.simdprop'), await model.save());
    const { err, code } = await simdprop(['convert', at('model.simdprop'), at('a.safetensors')]);
    expect(code).toBe(0);
    expect(err).toMatch(/Left behind: the encoder of the table, which makes \d inputs of its 1 column\./);
  });

  it('takes networks with functions of their own, which no file has', async () => {
    const cost = { value: () => 0, gradient: () => {} };
    const net = await createNetwork({ inputs: 2, layers: [{ units: 1 }], cost });
    writeFileSync(at('custom.simdprop'), await net.save());
    const { err, code } = await simdprop(['convert', at('custom.simdprop'), at('a.onnx')]);
    expect(err).toContain('Left behind: the functions of the custom cost');
    expect(code).toBe(0);
  });

  it('reads weights beside a model, and nowhere else', async () => {
    const target = at('outside.safetensors');
    const { code, out } = await simdprop(['convert', at('outside.onnx'), target, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out).from.beside).toEqual([at('net.onnx.data')]);
    expect((await readSafetensors(readFileSync(target))).network.predict([[1, 0]])).toEqual(
      Float32Array.of(1.5, 2.5, 5.25),
    );
    mkdirSync(at('inner/deep'), { recursive: true });
    writeFileSync(at('inner/deep/w'), WEIGHTS_OUTSIDE);
    symlinkSync(at('net.onnx.data'), at('inner/link'));
    symlinkSync(folder, at('inner/up'));
    const attempt = async (location: string) => {
      writeFileSync(at('inner/model.onnx'), outsideAt(location));
      return await simdprop(['convert', at('inner/model.onnx'), at('inner/out.simdprop')]);
    };
    expect((await attempt('deep/w')).code).toBe(0);
    const elsewhere = 'got a path that leads elsewhere, want the name of a file in the folder of the model';
    for (const location of [
      '../net.onnx.data',
      at('net.onnx.data'),
      'C:\\w',
      'deep/../../net.onnx.data',
      '\\\\host\\w',
    ]) {
      const refused = await attempt(location);
      expect(refused.err, location).toContain(elsewhere);
      expect(refused.code).toBe(1);
    }
    for (const location of ['link', 'up/net.onnx.data']) {
      expect((await attempt(location)).err).toContain('got a link that leads elsewhere');
    }
    expect((await attempt('missing')).err).toContain('weights in "missing": got no such file');
    expect((await attempt('deep')).err).toContain('got what is no file');
    // shards of TensorFlow.js outside the folder are refused too
    const [model] = saved([dense('a', 4, 'tanh', INPUT)], WEIGHTS);
    model.weightsManifest[0].paths = ['../weights.bin'];
    writeFileSync(at('inner/model.json'), json(model));
    expect((await simdprop(['convert', at('inner/model.json'), at('a.simdprop')])).err).toContain(elsewhere);
  });

  it('does not write over what it reads', async () => {
    linkSync(at('net.simdprop'), at('hard.simdprop'));
    symlinkSync(at('net.simdprop'), at('soft.simdprop'));
    const before = readFileSync(at('net.simdprop'));
    for (const name of ['net.simdprop', 'hard.simdprop', 'soft.simdprop']) {
      const { err, code } = await simdprop(['convert', at('net.simdprop'), at(name)]);
      expect(err).toContain('which is read too, want the path of another file');
      expect(code).toBe(2);
    }
    const beside = await simdprop(['convert', at('model.json'), at('weights.bin'), '--to', 'simdprop']);
    expect(beside.err).toContain('which is read too');
    expect(readFileSync(at('net.simdprop'))).toEqual(before);
  });

  it('tells formats by what files contain, whatever they are called', async () => {
    for (const [from, [path, ...flags]] of Object.entries(SOURCES)) {
      // only the file itself gets another name: files that lie beside it keep theirs, by which they are found
      writeFileSync(at('file.bin'), readFileSync(path()));
      const forced = from === 'onnx' ? ['--from', 'onnx'] : [];
      const { out, err } = await simdprop(['info', at('file.bin'), '--json', ...flags, ...forced]);
      expect(err).toBe('');
      expect(JSON.parse(out).format).toBe(from);
    }
    const unknown = await simdprop(['convert', fixture('make-fann.c'), at('a.onnx')]);
    expect(unknown.err).toContain('got contents and an ending that name no format, want --from, with one of simdprop,');
    expect(unknown.code).toBe(2);
    writeFileSync(at('page.onnx'), '<!doctype html><html></html>');
    expect((await simdprop(['info', at('page.onnx')])).err).toContain('got an HTML or XML page');
    writeFileSync(at('lfs.onnx'), 'version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n');
    expect((await simdprop(['info', at('lfs.onnx')])).err).toContain('a Git LFS pointer');
  });

  test.each<[string, string[], number, string]>([
    ['one file', ['a.onnx'], 2, 'convert: got 1 file, want the file of a network and the file to write'],
    ['a missing file', ['no.onnx', 'a.h'], 1, '"no.onnx": there is no such file'],
    ['a folder', ['.', 'a.h'], 1, '".": got a folder, want the file of a network'],
    ['a target of another format', ['a.onnx', 'a.pt'], 2, 'want a .safetensors file, which PyTorch reads'],
    ['a target without ending', ['a.onnx', 'a'], 2, 'or --to with one of simdprop, onnx, safetensors, js, c'],
    ['an unknown format', ['a.onnx', 'a', '--to', 'pytorch'], 2, '--to: got "pytorch", want one of simdprop, onnx'],
    ['a folder that does not exist', ['a.onnx', 'no/a.h'], 2, 'convert: got "no/a.h", whose folder does not exist'],
    ['the standard input', ['-', 'a.h'], 2, 'the network: got -, want the path of a file'],
    ['a flag of another format', ['pytorch-state.pt', 'a.h', '--opset', '17'], 2, '--opset: got it for a file of the format c'], // biome-ignore format: one line
    ['another flag of another format', ['fann-elliot.net', 'a.h', '--approximate'], 2, '--approximate: got it for a file of the format fann, want none of these options'], // biome-ignore format: one line
    ['no activations', ['pytorch-state.pt', 'a.h'], 2, 'got no --activations, want 2 activations'],
    ['wrong activations', ['pytorch-state.pt', 'a.h', '--activations', 'relu'], 2, '--activations: got 1, want 2 activations'], // biome-ignore format: one line
    ['a wrong opset', ['pytorch-relu-17.onnx', 'a.onnx', '--opset', '9'], 2, '--opset: got 9, want an integer from 13'],
    ['a function that is lacking', ['pytorch-layernorm-17.onnx', 'a.h'], 1, 'readOnnx: node'],
  ])('refuses %s', async (_, args, code, message) => {
    const [path, target, ...flags] = args;
    const given = readdirSync(FIXTURES).includes(path) ? fixture(path) : path;
    const written = target?.startsWith('a') && path !== 'a.onnx' ? at(`refused-${target}`) : target;
    const result = await simdprop(['convert', given, ...(target ? [written] : []), ...flags]);
    expect(result.err).toContain(message);
    expect(result).toMatchObject({ code, out: '' });
    expect(readdirSync(folder).filter((name) => name.startsWith('refused'))).toEqual([]);
  });
});

describe('simdprop info', () => {
  it('shows a state dict whose activations nobody has named', async () => {
    const { code, out } = await simdprop(['info', fixture('pytorch-state.pt')]);
    expect(code).toBe(0);
    expect(out).toContain('network     Network 4-5-3, 43 parameters\n');
    expect(out).toContain('layers      5, 3\n');
    expect(out).toContain('lacking     the activations, which the file does not have: --activations names');
  });

  it('shows which layers of a state dict have slopes', async () => {
    const { code, out, err } = await simdprop(['info', fixture('torch-prelu.pt')]);
    expect(code, err).toBe(0);
    expect(out).toContain('network     Network 4-3-3-2, 41 parameters\n');
    expect(out).toContain('layers      3 (prelu), 3 (prelu), 2\n');
    expect(out).toContain('lacking     the activations, which the file does not have: --activations names');
  });

  it('shows the constants of functions, which --activations takes', async () => {
    const flags = ['--activations', 'leakyRelu(0.2),elu(0.5)'];
    const { code } = await simdprop(['convert', fixture('pytorch-state.pt'), at('own.simdprop'), ...flags]);
    expect(code).toBe(0);
    expect((await simdprop(['info', at('own.simdprop')])).out).toContain(
      'layers      5 (leakyRelu(0.2)), 3 (elu(0.5))\n',
    );
    const wrong = await simdprop(['info', fixture('pytorch-state.pt'), '--activations', 'elu(x),linear']);
    expect(wrong).toMatchObject({ code: 2, out: '' });
  });

  it('shows names, scales and thresholds', async () => {
    const names = await simdprop(['info', at('brain.json')]);
    expect(names.out).toContain('columns     r, g, b\n');
    expect(names.out).toContain('classes     black, white, "light \\"blue\\""\n');
    expect(names.out).toContain('threshold   0.25\n');
    expect(names.out).toContain('not kept    by simdprop: the threshold 0.25');
    const scales = await simdprop(['info', fixture('pytorch-standardized-17.onnx')]);
    expect(scales.out).toContain('standardize means 1, 2, 3, 4; deviations 0.5, 2, 1, 3\n');
  });
});
