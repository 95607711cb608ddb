import { activationName, isMixed } from '../spec/activations.js';
import type { ActivationName } from '../spec/network-options.js';
import { constantAt, type Exchanged, type ExchangedLayer, outputsOfExchanged } from './exchanged.js';
import { SELU_ALPHA, SELU_LAMBDA } from './functions.js';

// Writes a network as one JavaScript module that imports nothing: weights as base64, sums in doubles.

type UnitName = Exclude<ActivationName, 'softmax'>;

/** Each function of one number `z` and its constant `c`, in JavaScript. */
const FUNCTIONS: Readonly<Record<UnitName, string>> = {
  linear: 'z',
  sigmoid: '1 / (1 + Math.exp(-z))',
  tanh: 'Math.tanh(z)',
  relu: 'Math.max(0, z)',
  leakyRelu: 'z > 0 ? z : c * z',
  prelu: 'z > 0 ? z : c * z',
  relu6: 'Math.min(6, Math.max(0, z))',
  elu: 'z > 0 ? z : c * Math.expm1(z)',
  selu: `${SELU_LAMBDA} * (z > 0 ? z : ${SELU_ALPHA} * Math.expm1(z))`,
  gelu: '0.5 * z * (1 + erf(z * Math.SQRT1_2))',
  geluTanh: 'z / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3)))',
  silu: 'z / (1 + Math.exp(-z))',
  mish: 'z * Math.tanh(Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))))',
  softplus: 'Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)))',
  softsign: 'z / (1 + Math.abs(z))',
  hardSigmoid: 'Math.min(1, Math.max(0, z / 6 + 0.5))',
  hardSwish: 'z * Math.min(1, Math.max(0, z / 6 + 0.5))',
};

/** The parts of a layer in the module that say its function by name, and its constant: one, or one for each unit. */
function functionParts(layer: ExchangedLayer): string {
  const { activation, slopes } = layer;
  const names = isMixed(activation) ? activation.map(activationName) : activationName(activation);
  let constants = String(constantAt(layer, 0));
  if (isMixed(activation)) constants = literal(activation.map((_, j) => constantAt(layer, j)));
  else if (slopes) constants = `floats('${base64(slopes)}')`;
  return `activation: ${literal(names)}, constants: ${constants}`;
}

/** The error function within 1e-15, as in functions.ts. */
const ERF = `function erf(x) {
  const a = Math.abs(x);
  if (a < 2.5) {
    let sum = a;
    for (let n = 1, term = a; n < 80; n++) {
      term *= (-a * a) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / ((a + fraction) * Math.sqrt(Math.PI)));
}`;

/** Text, numbers and lists as JavaScript that may also stand in a page: no end of a script, no line ends of Unicode. */
function literal(value: unknown): string {
  const escaped = (c: string) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replace(/[<\u007f-\uffff]/g, escaped);
}

function base64(values: Float32Array): string {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i], true);
  const parts: string[] = [];
  // a function takes only so many arguments; a multiple of 3 needs no padding within the text
  for (let i = 0; i < bytes.length; i += 3000) parts.push(btoa(String.fromCharCode(...bytes.subarray(i, i + 3000))));
  return parts.join('');
}

export function writeJavaScriptModule(network: Exchanged): string {
  const { inputs, layers, classes, columns, scale = 1, standardization, targetScale } = network;
  const used = new Set(layers.flatMap(({ activation }) => activation).map(activationName));
  const functions = (Object.keys(FUNCTIONS) as UnitName[]).filter((key) => used.has(key));
  const list = (values: ArrayLike<number>) => literal(Array.from(values));
  const shape = [inputs, ...layers.map(({ units }) => units)].join('-');
  // separate pushes keep the lines of the bundled package short
  const parts: string[] = [];
  parts.push(`// A network ${shape}, made by simdprop. It imports nothing.
export const inputs = ${inputs};
export const outputs = ${outputsOfExchanged(network)};
export const classes = ${literal(classes ?? null)};
export const columns = ${literal(columns ?? null)};

const floats = (text) => {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
};
${used.has('gelu') ? `${ERF}\n` : ''}const functions = {
${functions.map((name) => `  ${name}: (z, c) => ${FUNCTIONS[name]},`).join('\n')}
};
const layers = [
${layers
  .map((layer) => {
    const { units, weights, bias, biases } = layer;
    const b = bias ? `floats('${base64(biases)}')` : 'null';
    return `  { units: ${units}, ${functionParts(layer)}, weights: floats('${base64(weights)}'), biases: ${b} },`;
  })
  .join('\n')}
];
${standardization ? `const means = ${list(standardization.means)};\nconst deviations = ${list(standardization.deviations)};\n` : ''}${
  targetScale
    ? `const targetMeans = ${list(targetScale.means)};\nconst targetDeviations = ${list(targetScale.deviations)};\n`
    : ''
}
`);
  parts.push(`/** The outputs [rows × outputs] for inputs [rows × inputs], both one row after another. */
export function predict(x) {
  const rows = x.length / inputs;
  if (!Number.isInteger(rows)) throw new RangeError('predict: got ' + x.length + ' numbers, want a multiple of ' + inputs);
  const all = new Float32Array(rows * outputs);
  for (let row = 0; row < rows; row++) all.set(predictRow(x, row * inputs), row * outputs);
  return all;
}

`);
  parts.push(`function predictRow(x, start) {
  let a = new Float64Array(inputs);
  for (let k = 0; k < inputs; k++) a[k] = ${
    standardization ? `(x[start + k] * ${scale} - means[k]) / deviations[k]` : `x[start + k] * ${scale}`
  };
  for (const { units, activation, constants, weights, biases } of layers) {
    const next = new Float64Array(units);
    for (let j = 0; j < units; j++) {
      let z = biases ? biases[j] : 0;
      for (let k = 0; k < a.length; k++) z += weights[j * a.length + k] * a[k];
      const f = typeof activation === 'string' ? activation : activation[j];
      next[j] = f === 'softmax' ? z : functions[f](z, typeof constants === 'number' ? constants : constants[j]);
    }
    if (activation === 'softmax') softmax(next);
    a = next;
  }
${targetScale ? '  for (let j = 0; j < outputs; j++) a[j] = targetMeans[j] + targetDeviations[j] * a[j];\n' : ''}  return a;
}

`);
  parts.push(`function softmax(z) {
  const largest = z.reduce((m, value) => Math.max(m, value));
  let sum = 0;
  for (let j = 0; j < z.length; j++) sum += z[j] = Math.exp(z[j] - largest);
  for (let j = 0; j < z.length; j++) z[j] /= sum;
}
`);
  return parts.join('');
}
