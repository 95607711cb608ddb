import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { readPyTorch } from '../../src/pytorch.js';
import { distanceOf } from './onnxruntime.js';
import { hasModules, runPython } from './python.js';

const read = (name: string) => new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));
const { x, y } = JSON.parse(readFileSync(new URL('fixtures/pytorch.json', import.meta.url), 'utf8')).batchnorm;

const ACTIVATIONS = ['relu', 'linear'] as const;

describe('a file of torch.save', () => {
  it.each(['pytorch-state.pt', 'pytorch-checkpoint.pt', 'pytorch-legacy.pt'])(
    '%s is the network that PyTorch had',
    async (name) => {
      const { network, notes } = await readPyTorch(read(name), { activations: ACTIVATIONS });
      expect(notes).toEqual([
        'the batch normalisation "1" became part of the weights: training here does not normalise batches',
        ...(name === 'pytorch-checkpoint.pt' ? ['left behind of the checkpoint: "epoch", "optimizer"'] : []),
      ]);
      expect(String(network)).toContain('4-5-3 relu/linear');
      expect(distanceOf(network.predict(Float32Array.from(x)), y)).toBeLessThan(1e-6);
      const history = [...(await network.fit({ inputs: x, targets: y }, { epochs: 50 }))];
      expect(history[49].cost).toBeLessThan(1e-4);
    },
  );

  it('may have views, and numbers of 16 bits', async () => {
    const { network } = await readPyTorch(read('pytorch-views.pt'), { activations: ACTIVATIONS });
    // the file has w.t(), where w has the numbers 0 to 19 in rows of 5
    const weights = Float32Array.from({ length: 20 }, (_, i) => Math.floor(i / 4) + 5 * (i % 4));
    expect(network.layers[0].getWeights()).toEqual(weights);
    expect(network.layers[0].getBiases()).toEqual(Float32Array.of(3, 4, 5, 6, 7));
    expect(network.layers[1].getWeights()).toEqual(new Float32Array(10).fill(1));
    expect(network.layers[1].getBiases()).toEqual(Float32Array.of(0.5, -1));
  });

  it.each([
    [
      'pytorch-module.pt',
      'an object of the class "torch.nn.modules.container.Sequential", want torch.save(model.state_dict(), path)',
    ],
    ['pytorch-script.pt', 'got TorchScript, which is a program, want torch.save(model.state_dict(), path)'],
    ['pytorch-tensor.pt', 'got a single tensor, want a state dict'],
    ['make-torch.py', 'got no zip archive, want a file of torch.save'],
  ])('%s is refused with the way out', async (name, message) => {
    await expect(readPyTorch(read(name), { activations: ACTIVATIONS })).rejects.toThrow(message);
  });

  it.each([
    ['weight-norm', '"0.weight_g": got weights in the form of weight norm, want plain weights: torch.nn.utils.remove_'],
    ['spectral-norm', '"0.weight_u": got weights in the form of spectral norm, want plain weights: torch.nn.utils.'],
    ['parametrized', 'got weights in the form of a parametrisation, want plain weights: torch.nn.utils.parametrize'],
    ['pruned', "in the form of pruning, want plain weights: torch.nn.utils.prune.remove(layer, 'weight') before"],
    ['quantised', 'in the form of quantised layers, want plain weights: the state_dict() of the model before quanti'],
    ['lora', 'in the form of adapters (LoRA), want plain weights: the state_dict() of model.merge_and_unload()'],
    ['integers', 'readPyTorch: "0": got integers as weights, want numbers: the state_dict() of the model before quan'],
    ['numpy', 'readPyTorch: "0.weight": got an array of NumPy, want a tensor: torch.from_numpy(array)'],
    ['numpy-biases', 'readPyTorch: "0.bias": got an array of NumPy, want a tensor: torch.from_numpy(array)'],
    ['sparse', 'readPyTorch: "0.weight": got a sparse tensor, want tensor.to_dense()'],
  ])('torch-%s.pt: weights of another form are refused with what makes plain ones', async (name, message) => {
    for (const activations of [undefined, ACTIVATIONS]) {
      await expect(readPyTorch(read(`torch-${name}.pt`), { activations })).rejects.toThrow(message);
    }
  });

  it('tells which layers have slopes of PReLU, and takes them', async () => {
    const { x, y } = JSON.parse(readFileSync(new URL('fixtures/torch-states.json', import.meta.url), 'utf8'));
    await expect(readPyTorch(read('torch-prelu.pt'))).rejects.toThrow(
      'each of "body" 4 to 3 (prelu, whose slopes the file has), "again" 3 to 3 (prelu, whose slopes the file has), ' +
        '"head" 3 to 2: the file does not say them',
    );
    const { network } = await readPyTorch(read('torch-prelu.pt'), { activations: ['prelu', 'prelu', 'linear'] });
    expect(distanceOf(network.predict(x), y)).toBeLessThan(1e-6);
  });

  it('may be a pickle of another program, which is refused', async () => {
    const pickle = Uint8Array.of(0x80, 4, 0x7d, 0x2e);
    await expect(readPyTorch(pickle)).rejects.toThrow('got a pickle that torch.save has not written');
    const legacy = read('pytorch-legacy.pt');
    await expect(readPyTorch(legacy.subarray(0, legacy.length - 1), { activations: ACTIVATIONS })).rejects.toThrow(
      'want a complete file',
    );
  });

  it('is refused without activations', async () => {
    await expect(readPyTorch(read('pytorch-state.pt'))).rejects.toThrow(
      'readPyTorch: got no options.activations, want 2 activations, one for each of "0" 4 to 5, "4" 5 to 3',
    );
    await expect(readPyTorch(read('pytorch-state.pt'), { activations: ['relu', 'step' as never] })).rejects.toThrow(
      'options.activations[1]: got "step", want one of',
    );
    await expect(readPyTorch(read('pytorch-state.pt'), { activations: ACTIVATIONS, key: 'model' })).rejects.toThrow(
      'options.key: got "model", want the key of a state dict, among "0.weight", "0.bias"',
    );
  });
});

/** Files that PyTorch writes anew, by their names. */
const PROGRAM = `
import os, torch
torch.manual_seed(1)
for version in range(6):
    torch.save(torch.nn.Linear(3, 2).state_dict(), f'version{version}', pickle_protocol=version)
tied = torch.nn.Linear(3, 3)
shared = {'module._orig_mod.a.weight': tied.weight, 'module._orig_mod.a.bias': tied.bias.half(),
          'module._orig_mod.b.weight': tied.weight, 'module._orig_mod.b.bias': tied.bias.double()}
torch.save({'state_dict': shared, 'optimizer': {'state': {0: {'exp_avg': tied.weight}}}}, 'legacy', _use_new_zipfile_serialization=False)
torch.save({'state_dict': shared, 'optimizer': {'state': {0: {'exp_avg': tied.weight}}}}, 'zipped')

class Config: pass
a, b = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2, bias=False)
torch.save({'model': a.state_dict(), 'ema': b.state_dict(), 'step': 2 ** 70, 'best': torch.tensor(0.5),
            'config': Config(), 'list': [1, (2, 3)], 'set': {1, 2}}, 'several')

class Evil:
    def __reduce__(self): return (os.system, ('touch ran',))
torch.save({'model': a.state_dict(), 'evil': Evil()}, 'evil')
torch.save(Evil(), 'alone')
torch.save({'a.weight': torch.ones(1).expand(1000, 1000)}, 'expanded')
assert not os.path.exists('ran')
`;
const VERSIONS = [0, 1, 2, 3, 4, 5];

describe.skipIf(!hasModules('torch'))('what PyTorch writes', () => {
  let files: Record<string, Uint8Array>;
  beforeAll(() => {
    const names = [
      ...VERSIONS.map((version) => `version${version}`),
      'several',
      'evil',
      'alone',
      'expanded',
      'legacy',
      'zipped',
    ];
    files = runPython(PROGRAM, {}, names).written;
  });

  it.each(VERSIONS)('is read in version %i of pickles', async (version) => {
    const reading = readPyTorch(files[`version${version}`], { activations: ['linear'] });
    // versions 0 and 1 are text formats, which are refused
    if (version < 2) await expect(reading).rejects.toThrow('pickle');
    else expect((await reading).network.parameters).toBe(8);
  });

  it.each(['legacy', 'zipped'])('%s: may have prefixes, tied weights, and numbers of 16 and 64 bits', async (name) => {
    const { network } = await readPyTorch(files[name], { activations: ['tanh', 'linear'] });
    const [a, b] = network.layers;
    expect(a.getWeights()).toEqual(b.getWeights());
    expect(distanceOf(a.getBiases(), b.getBiases())).toBeLessThan(2 ** -11);
    expect(a.getBiases()).not.toEqual(b.getBiases());
  });

  it('may have two state dicts, one of which is chosen', async () => {
    const activations = ['sigmoid'] as const;
    await expect(readPyTorch(files.several, { activations })).rejects.toThrow(
      'pass options.key, one of "model", "ema"',
    );
    const { network } = await readPyTorch(files.several, { activations, key: 'ema' });
    expect(network.layers[0].getBiases()).toEqual(new Float32Array(2));
    expect(network.cost).toBe('binaryCrossEntropy');
  });

  it('is never run, whatever it calls', async () => {
    const activations = ['linear'] as const;
    expect((await readPyTorch(files.evil, { activations })).network.parameters).toBe(8);
    await expect(readPyTorch(files.alone, { activations })).rejects.toThrow('an object of the class "posix.system"');
  });

  it('is refused if a tensor claims more numbers than there are', async () => {
    await expect(readPyTorch(files.expanded, { activations: ['linear'] })).rejects.toThrow('got 1000000 numbers');
  });
});
