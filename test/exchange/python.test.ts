import { describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/safetensors.js';
import { INPUTS, make } from './networks.js';
import { hasModules, runPython, snippetOf } from './python.js';

// The Python of docs/exchange.md and docs/bring/scikit-learn.md, run by Python.

const PAGE = 'docs/exchange.md';

describe.skipIf(!hasModules('torch'))('PyTorch', () => {
  it.each(['f32', 'f16'] as const)('computes from tensors of %s what the network predicts', async (precision) => {
    const net = await make('cost categoricalCrossEntropy');
    const program = `${snippetOf(PAGE, 'read_safetensors')}
import numpy
t, meta = read_safetensors('net.safetensors')
assert meta['activations'] == ['tanh', 'softmax'] and meta['training']['cost'] == 'categoricalCrossEntropy', meta
w = {name: tensor.float() for name, tensor in t.items() if name.startswith('layers.')}
x = torch.from_numpy(numpy.fromfile('x', '<f4').reshape(-1, 4)).double()
a = ((x - t['standardization.mean']) / t['standardization.deviation']).float()
a = torch.tanh(a @ w['layers.0.weight'].T + w['layers.0.bias'])
a = torch.softmax(a @ w['layers.1.weight'].T + w['layers.1.bias'], 1)
a.numpy().astype('<f4').tofile('y')
`;
    const file = await writeSafetensors(net, { precision });
    const { written } = runPython(program, { 'net.safetensors': file, x: new Uint8Array(INPUTS.buffer) }, ['y']);
    const got = new Float32Array(written.y.buffer);
    const wanted = (await readSafetensors(file)).network.predict(INPUTS);
    expect(got.length).toBe(wanted.length);
    expect(Math.max(...wanted.map((value, i) => Math.abs(value - got[i])))).toBeLessThan(2e-6);
  });
});

describe.skipIf(!hasModules('sklearn'))('scikit-learn', () => {
  it.each([
    ['MLPClassifier((12, 8), activation="tanh", max_iter=60, random_state=1)', 'load_iris', 'predict_proba(x)'],
    [
      'MLPClassifier((9,), activation="relu", max_iter=60, random_state=1)',
      'load_breast_cancer',
      'predict_proba(x)[:, 1]',
    ],
    ['MLPRegressor((7,), activation="logistic", max_iter=60, random_state=1)', 'load_diabetes', 'predict(x)'],
    ['MLPRegressor((7,), activation="identity", max_iter=60, random_state=1)', 'load_linnerud', 'predict(x)'],
  ])('%s comes in with its scaler', async (model, load, predict) => {
    const program = `${snippetOf('docs/bring/scikit-learn.md', 'write_safetensors')}
import warnings; warnings.filterwarnings('ignore')
from sklearn.datasets import ${load}
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
data = ${load}()
p = make_pipeline(StandardScaler(), ${model}).fit(data.data, data.target)
write_safetensors(p, 'net.safetensors')
x = data.data[:60]
x.astype('<f8').tofile('x'); p.${predict}.astype('<f8').tofile('y')
`;
    const { written } = runPython(program, {}, ['net.safetensors', 'x', 'y']);
    const { network, notes } = await readSafetensors(written['net.safetensors']);
    expect(notes).toEqual([]);
    expect(network.task).toBe(model.startsWith('MLPClassifier') ? 'classes' : undefined);
    expect(network.classes).toEqual({ load_iris: ['0', '1', '2'], load_breast_cancer: ['0', '1'] }[load as string]);
    const got = network.predict(new Float64Array(written.x.buffer));
    const wanted = new Float64Array(written.y.buffer);
    expect(got.length).toBe(wanted.length);
    // f32 against f64
    expect(Math.max(...got.map((value, i) => Math.abs(value - wanted[i]) / (1 + Math.abs(wanted[i]))))).toBeLessThan(
      2e-6,
    );
  });
});
