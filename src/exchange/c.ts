import { encodeUtf8 } from '../check/utf8.js';
import { activationAt, activationName, isMixed } from '../spec/activations.js';
import type { ActivationName } from '../spec/network-options.js';
import { constantAt, type Exchanged, type ExchangedLayer, fanInOf, outputsOfExchanged } from './exchanged.js';
import { SELU_ALPHA, SELU_LAMBDA } from './functions.js';

// Writes a network as one header of C99: constant weights, static buffers, and no library but math.h.

type UnitName = Exclude<ActivationName, 'softmax'>;

/** Each function of one number `x`, in C. `c`: the constant of those in WITH_CONSTANT. */
const FUNCTIONS: Readonly<Record<UnitName, string>> = {
  linear: 'x',
  sigmoid: '1.0f / (1.0f + expf(-x))',
  tanh: 'tanhf(x)',
  relu: 'x > 0.0f ? x : 0.0f',
  leakyRelu: 'x > 0.0f ? x : c * x',
  prelu: 'x > 0.0f ? x : c * x',
  relu6: 'x <= 0.0f ? 0.0f : x >= 6.0f ? 6.0f : x',
  elu: 'x > 0.0f ? x : c * expm1f(x)',
  selu: `x > 0.0f ? ${literal(SELU_LAMBDA)} * x : ${literal(SELU_LAMBDA * SELU_ALPHA)} * expm1f(x)`,
  gelu: '0.5f * x * erfcf(-0.707106781f * x)',
  geluTanh: 'x / (1.0f + expf(-1.59576912f * (x + 0.044715f * x * x * x)))',
  silu: 'x / (1.0f + expf(-x))',
  mish: 'x * tanhf(x > 0.0f ? x + log1pf(expf(-x)) : log1pf(expf(x)))',
  softplus: 'x > 0.0f ? x + log1pf(expf(-x)) : log1pf(expf(x))',
  softsign: 'x / (1.0f + fabsf(x))',
  hardSigmoid: 'x <= -3.0f ? 0.0f : x >= 3.0f ? 1.0f : x / 6.0f + 0.5f',
  hardSwish: 'x <= -3.0f ? 0.0f : x >= 3.0f ? x : x * (x / 6.0f + 0.5f)',
};

const WITH_CONSTANT: readonly ActivationName[] = ['leakyRelu', 'prelu', 'elu'];

/** An f32 in as many digits as it takes. */
function literal(value: number): string {
  const text = Math.fround(value).toPrecision(9);
  const sign = Object.is(value, -0) ? '-' : '';
  return `${sign}${/[.e]/.test(text) ? text : `${text}.0`}f`;
}

/** A double in as many digits as it takes. */
function doubleLiteral(value: number): string {
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Text as a string of C: everything but plain letters is escaped, and so are question marks, which make trigraphs. */
function stringLiteral(text: string): string {
  const wellFormed = text.replace(/[\ud800-\udfff]/gu, '\ufffd');
  const escaped = Array.from(encodeUtf8(wellFormed), (byte) => {
    const character = String.fromCharCode(byte);
    return /[\w !#$%&'()*+,./:;<=>@[\]^`{|}~-]/.test(character) ? character : `\\${byte.toString(8).padStart(3, '0')}`;
  });
  return `"${escaped.join('')}"`;
}

const PER_LINE = 8;

function array(type: string, name: string, literals: readonly string[]): string {
  const lines: string[] = [];
  for (let i = 0; i < literals.length; i += PER_LINE) lines.push(`    ${literals.slice(i, i + PER_LINE).join(', ')}`);
  return `static const ${type} ${name}[${literals.length}] = {\n${lines.join(',\n')}\n};`;
}

const floats = (name: string, values: ArrayLike<number>) => array('float', name, Array.from(values, literal));
const doubles = (name: string, values: ArrayLike<number>) => array('double', name, Array.from(values, doubleLiteral));

/** `name`: the beginning of every name in the header. */
export function writeCHeader(network: Exchanged, name: string): string {
  const { inputs, layers, classes, columns } = network;
  const upper = name.toUpperCase();
  const outputs = outputsOfExchanged(network);
  const used = new Set(layers.flatMap(({ activation }) => activation).map(activationName));
  const functions = (Object.keys(FUNCTIONS) as UnitName[]).filter((key) => key !== 'linear' && used.has(key));
  const parameters = (f: UnitName) => (WITH_CONSTANT.includes(f) ? 'float x, float c' : 'float x');
  const names = (of: string, list: readonly string[] | undefined) =>
    list ? [array('char *const', `${name}_${of}`, list.map(stringLiteral))] : [];
  return [
    `/* A network ${[inputs, ...layers.map(({ units }) => units)].join('-')}, made by simdprop. C99, no library but math.h. */`,
    `#ifndef ${upper}_H`,
    `#define ${upper}_H`,
    '#include <math.h>',
    `#define ${upper}_INPUTS ${inputs}`,
    `#define ${upper}_OUTPUTS ${outputs}`,
    ...names('classes', classes),
    ...names('columns', columns),
    ...constants(network, name),
    ...functions.map((f) => `static inline float ${name}_${f}(${parameters(f)}) { return ${FUNCTIONS[f]}; }`),
    ...predict(network, name),
    '#endif',
    '',
  ].join('\n');
}

function constants({ layers, standardization, targetScale }: Exchanged, name: string): string[] {
  const scale = (of: string, { means, deviations }: NonNullable<typeof standardization>) => [
    doubles(`${name}_${of}_means`, means),
    doubles(`${name}_${of}_deviations`, deviations),
  ];
  return [
    ...(standardization ? scale('input', standardization) : []),
    ...layers.flatMap(({ activation, weights, bias, biases, slopes }, l) => [
      floats(`${name}_w${l}`, weights),
      ...(bias ? [floats(`${name}_b${l}`, biases)] : []),
      // a mixed layer has its slopes where they are used
      ...(activation === 'prelu' && slopes ? [floats(`${name}_s${l}`, slopes)] : []),
    ]),
    ...(targetScale ? scale('target', targetScale) : []),
  ];
}

/** The function of the whole network. */
function predict(network: Exchanged, name: string): string[] {
  const { inputs, layers, scale, standardization, targetScale } = network;
  const widest = Math.max(inputs, ...layers.map(({ units }) => units));
  const isScaled = standardization !== undefined || (scale !== undefined && scale !== 1);
  const scaled = scale === undefined || scale === 1 ? '(double)input[k]' : `${doubleLiteral(scale)} * (double)input[k]`;
  const standardized = standardization ? `(${scaled} - ${name}_input_means[k]) / ${name}_input_deviations[k]` : scaled;
  const upper = name.toUpperCase();
  return [
    `/* input [${upper}_INPUTS], output [${upper}_OUTPUTS]. Its buffers are static: not for several threads at once. */`,
    `static inline void ${name}_predict(const float *input, float *output) {`,
    ...(isScaled || layers.length > 1 ? [`    static float buffers[2][${widest}];`] : []),
    '    const float *x = input;',
    ...(isScaled
      ? [`    for (int k = 0; k < ${inputs}; k++) buffers[1][k] = (float)(${standardized});`, '    x = buffers[1];']
      : []),
    ...layers.flatMap((layer, l) => layerLines(layer, name, l, fanInOf(network, l), l === layers.length - 1)),
    ...(targetScale
      ? [
          `    for (int j = 0; j < ${outputsOfExchanged(network)}; j++)`,
          `        output[j] = (float)(${name}_target_means[j] + ${name}_target_deviations[j] * (double)output[j]);`,
        ]
      : []),
    '}',
  ];
}

function layerLines(layer: ExchangedLayer, name: string, l: number, fanIn: number, isLast: boolean): string[] {
  const { units, activation, bias } = layer;
  const to = isLast ? 'output' : `buffers[${l % 2}]`;
  /** The function of unit `j` of the number `value`. `constant`: the constant of the function, in C. */
  const call = (j: number, value: string, constant = literal(constantAt(layer, j))) => {
    const f = activationName(activationAt(activation, j));
    if (f === 'linear' || f === 'softmax') return value;
    return `${name}_${f}(${value}${WITH_CONSTANT.includes(f) ? `, ${constant}` : ''})`;
  };
  const value = isMixed(activation) ? 'z' : call(0, 'z', activation === 'prelu' ? `${name}_s${l}[j]` : undefined);
  return [
    `    for (int j = 0; j < ${units}; j++) {`,
    `        float z = ${bias ? `${name}_b${l}[j]` : '0.0f'};`,
    `        for (int k = 0; k < ${fanIn}; k++) z += ${name}_w${l}[j * ${fanIn} + k] * x[k];`,
    `        ${to}[j] = ${value};`,
    '    }',
    ...(isMixed(activation)
      ? activation.flatMap((f, j) => (f === 'linear' ? [] : [`    ${to}[${j}] = ${call(j, `${to}[${j}]`)};`]))
      : []),
    ...(activation === 'softmax' ? softmaxLines(units) : []),
    ...(isLast ? [] : [`    x = ${to};`]),
  ];
}

const softmaxLines = (units: number) => [
  '    {',
  '        float largest = output[0], sum = 0.0f;',
  `        for (int j = 1; j < ${units}; j++) if (output[j] > largest) largest = output[j];`,
  `        for (int j = 0; j < ${units}; j++) sum += output[j] = expf(output[j] - largest);`,
  `        for (int j = 0; j < ${units}; j++) output[j] /= sum;`,
  '    }',
];
