import {
  checkFinite,
  checkInteger,
  checkIsObject,
  checkName,
  counted,
  outOfRange,
  quote,
  wrongType,
} from '../check/errors.js';
import type { Activation, ActivationName } from '../spec/network-options.js';
import type { Exchanged, ExchangedLayer } from './exchanged.js';
import { leakyReluOf } from './functions.js';
import { listAt, propertyOf } from './json.js';
import { floatsOf } from './tensor.js';

// Networks of brain.js, as net.toJSON() gives them. In 2.x, a layer is { weights: [units][inputs], biases: [units] }.
// In 1.x, it is a dict of units, { bias, weights: { input: w, ... } }, whose keys are names where data have names; the
// order of inputs is that of the keys of the first layer.

const WHERE = 'readBrain';

const ACTIVATIONS: Readonly<Record<string, ActivationName>> = {
  sigmoid: 'sigmoid',
  relu: 'relu',
  'leaky-relu': 'leakyRelu',
  tanh: 'tanh',
};

export function readBrainJson(json: unknown): Exchanged {
  checkIsObject(WHERE, json, 'what net.toJSON() of brain.js returns');
  if ('toJSON' in json) throw wrongType(WHERE, json, 'what its toJSON() returns');
  const type = propertyOf(json, 'type');
  if (type !== undefined && type !== 'NeuralNetwork' && type !== 'NeuralNetworkGPU') {
    const reason = type === 'FeedForward' ? 'its layers are of other kinds' : 'it is recurrent, or of another kind';
    throw outOfRange(`${WHERE}: type`, quote(String(type)), `"NeuralNetwork": ${reason}`);
  }
  if (['hiddenLayers', 'outputConnector', 'input'].some((key) => propertyOf(json, key) !== undefined)) {
    throw outOfRange(WHERE, 'a recurrent network', 'one of layers: this library has no loops');
  }
  const layers = listAt(`${WHERE}: layers`, propertyOf(json, 'layers'));
  if (layers.length < 2) throw outOfRange(`${WHERE}: layers`, `${layers.length}`, '2 or more');
  // the first versions of 2.x name the type, but have the layers of 1.x
  const isOld = !Array.isArray(propertyOf(layers[1], 'weights'));
  return isOld ? ofVersion1(json, layers) : ofVersion2(json, layers);
}

/** The activation of all layers. */
function activationOf(where: string, value: unknown): ActivationName {
  const name = value === undefined || value === null ? 'sigmoid' : value;
  return ACTIVATIONS[checkName(where, name, Object.keys(ACTIVATIONS))];
}

const hasAlpha = (...options: readonly unknown[]) =>
  options.some((object) => propertyOf(object, 'leakyReluAlpha') !== undefined);

/** The slope of leaky relu below 0. */
function alphaOf(...options: readonly unknown[]): number {
  if (!hasAlpha(...options)) return 0.01;
  const alpha = options.map((object) => propertyOf(object, 'leakyReluAlpha')).find((value) => value !== undefined);
  return checkFinite(`${WHERE}: leakyReluAlpha`, alpha);
}

/** From which output up brain.js counts an output as 1. */
function thresholdOf(...options: readonly unknown[]): Pick<Exchanged, 'threshold'> {
  const threshold = options.map((object) => propertyOf(object, 'binaryThresh')).find((value) => value !== undefined);
  return typeof threshold === 'number' && Number.isFinite(threshold) ? { threshold } : {};
}

/** The note for the options that the network was trained with. */
function notesOf(training: unknown): string[] {
  const numbers = ['learningRate', 'momentum', 'iterations'].flatMap((key) => {
    const value = propertyOf(training, key);
    return typeof value === 'number' ? [`${key} ${value}`] : [];
  });
  return numbers.length > 0 ? [`trainOpts stay behind: ${numbers.join(', ')}`] : [];
}

function ofVersion2(json: object, layers: readonly unknown[]): Exchanged {
  const [options, training] = [propertyOf(json, 'options'), propertyOf(json, 'trainOpts')];
  const activation = activationOf(
    `${WHERE}: activation`,
    propertyOf(training, 'activation') ?? propertyOf(options, 'activation'),
  );
  const own = activation === 'leakyRelu' ? leakyReluOf(alphaOf(training, options)) : activation;
  const sizes = listAt(`${WHERE}: sizes`, propertyOf(json, 'sizes'));
  const inputs = checkInteger(`${WHERE}: sizes[0]`, sizes[0], 1, 65_536);
  let fanIn = inputs;
  const made = layers.slice(1).map((layer, l): ExchangedLayer => {
    const where = `${WHERE}: layers[${l + 1}]`;
    const rows = listAt(`${where}.weights`, propertyOf(layer, 'weights'));
    const biases = listAt(`${where}.biases`, propertyOf(layer, 'biases'));
    if (biases.length !== rows.length) throw outOfRange(`${where}.biases`, `${biases.length}`, `${rows.length}`);
    const weights = rows.flatMap((row, j) => numbersAt(`${where}.weights[${j}]`, listAt(where, row), fanIn));
    fanIn = rows.length;
    return layerOf(where, own, weights, numbersAt(`${where}.biases`, biases, rows.length));
  });
  const classes = namesOf(`${WHERE}: outputLookup`, propertyOf(json, 'outputLookup'), fanIn);
  const columns = namesOf(`${WHERE}: inputLookup`, propertyOf(json, 'inputLookup'), inputs);
  return finished(inputs, made, columns, classes, thresholdOf(options, training), notesOf(training));
}

function ofVersion1(json: object, layers: readonly unknown[]): Exchanged {
  const activation = activationOf(`${WHERE}: activation`, propertyOf(json, 'activation'));
  const training = propertyOf(json, 'trainOpts');
  const keys = layers.map((layer, l) => {
    checkIsObject(`${WHERE}: layers[${l}]`, layer);
    return Object.keys(layer);
  });
  // brain.js 1.6 computes 0 below 0 and alpha z above, in place of alpha z below and z above
  const factor = activation === 'leakyRelu' ? alphaOf(json, training) : 1;
  const isUnsaid = activation === 'leakyRelu' && !hasAlpha(json, training);
  const ofAlpha = isUnsaid ? ['leakyReluAlpha is not in the file: 0.01 was taken, as brain.js does'] : [];
  const made = layers.slice(1).map((layer, l): ExchangedLayer => {
    const units = keys[l + 1].map((key) => {
      const where = `${WHERE}: layers[${l + 1}][${quote(key)}]`;
      const unit = propertyOf(layer, key);
      const own = propertyOf(unit, 'weights');
      const given = keys[l].map((input) => propertyOf(own, input));
      const [bias] = numbersAt(`${where}.bias`, [propertyOf(unit, 'bias')], 1);
      return {
        bias: bias * factor,
        weights: numbersAt(`${where}.weights`, given, given.length).map((w) => w * factor),
      };
    });
    return layerOf(
      `${WHERE}: layers[${l + 1}]`,
      activation === 'leakyRelu' ? 'relu' : activation,
      units.flatMap(({ weights }) => weights),
      units.map(({ bias }) => bias),
    );
  });
  const isNamed = (key: string) => propertyOf(json, key) === true;
  const last = keys[keys.length - 1];
  const columns = isNamed('inputLookup') ? keys[0] : undefined;
  return finished(
    keys[0].length,
    made,
    columns,
    isNamed('outputLookup') ? last : undefined,
    thresholdOf(json, training),
    [...ofAlpha, ...notesOf(training)],
  );
}

function layerOf(
  where: string,
  activation: Activation,
  weights: readonly number[],
  biases: readonly number[],
): ExchangedLayer {
  return {
    units: biases.length,
    activation,
    bias: true,
    weights: floatsOf(`${where}.weights`, weights),
    biases: floatsOf(`${where}.biases`, biases),
  };
}

function numbersAt(where: string, values: readonly unknown[], count: number): number[] {
  if (values.length !== count) throw outOfRange(where, counted(values.length, 'number'), `${count}`);
  return Array.from(values, (value, i) => {
    if (typeof value !== 'number') throw wrongType(`${where}[${i}]`, value, 'a number');
    return value;
  });
}

/** The keys of a look-up { name: place } in the order of the places. */
function namesOf(where: string, lookup: unknown, count: number): readonly string[] | undefined {
  if (lookup === undefined || lookup === null || lookup === false) return undefined;
  checkIsObject(where, lookup);
  const names = new Array<string>(count);
  for (const [name, place] of Object.entries(lookup)) {
    if (!Number.isInteger(place) || place < 0 || place >= count || names[place] !== undefined) {
      const got = typeof place === 'string' ? quote(place) : place;
      throw outOfRange(`${where}[${quote(name)}]`, got, `each place below ${count} once`);
    }
    names[place] = name;
  }
  if (Object.keys(lookup).length !== count)
    throw outOfRange(where, counted(Object.keys(lookup).length, 'name'), `${count}`);
  return names;
}

function finished(
  inputs: number,
  layers: readonly ExchangedLayer[],
  columns: readonly string[] | undefined,
  outputs: readonly string[] | undefined,
  more: Pick<Exchanged, 'threshold'>,
  left: readonly string[],
): Exchanged {
  // one output with a name is a number or a yes by that name, not one of two classes
  const isClass = outputs !== undefined && outputs.length > 1;
  const ofName = outputs?.length === 1 ? [`the name of the output, ${quote(outputs[0])}, stays behind`] : [];
  const names = { ...(columns && { columns }), ...(isClass && { classes: outputs }) };
  // brain.js knows no other cost
  const training = { cost: 'quadratic' } as const;
  return { inputs, layers, ...names, ...more, training, notes: [...ofName, ...left] };
}
