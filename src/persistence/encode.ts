import { outOfRange } from '../check/errors.js';
import { floatsOfHalves, halvesOfFloats, MAX_HALF } from '../check/half-floats.js';
import { ACTIVATIONS } from '../spec/activations.js';
import { MIXED } from '../spec/codes.js';
import type { Activation } from '../spec/network-options.js';
import { countParameters, parametersOf, type Spec } from '../spec/spec.js';
import type { Standardization } from '../spec/standardization.js';
import type { Place, RunPlace, SavedTraining, StopperPlace } from '../training/place.js';
import type { Precision, SavedNetwork } from './saved-network.js';
import {
  doubleSection,
  floatSection,
  jsonSection,
  type NewSection,
  type SavedBytes,
  writeSections,
} from './sections.js';

// A saved network as sections. decode.ts reads them.
//
//   network            json  required  what Network.create took: inputs, layers, cost, ...
//   activations        json  required  the activation of each layer, if one of them is newer than the first files;
//                                      else they are in `network`, which earlier versions can read
//   parameters         f32   required  (or f16) for each layer w [units × fanIn] row-major, then b [units], then the
//                                      slopes [units] of prelu, if it has them
//   standardization    f64   required  means [inputs], deviations [inputs]
//   targets            f64   required  means [outputs], deviations [outputs]: those of the targets
//   names              json            the names of classes and input columns, as far as there are any
//   task               json            what the network learns, and whether its targets are -1 and 1
//   optimizer          json            the optimizer, the place in its schedule, what is counted from call to call
//   training           json            with save({ training: true }): counts, and the place in a call
//   training.slots     f32             the optimizer's slots, each in the order of the parameters
//   training.sums      f32             the gradients that a step has added up so far
//   training.best      f32             the parameters of the best epoch so far
//
// A network can be used without the sections that are not required. One more comes from applications/: `encoder` (json,
// not required), how the rows of a table become inputs.

/** The sections that only `save({ training: true })` writes. */
export const TRAINING_SECTIONS = ['training', 'training.slots', 'training.sums', 'training.best'];

/** `readParameters` writes the parameters, in the order of the file, to an array of their number. */
export function encode(
  network: Omit<SavedNetwork, 'parameters'>,
  readParameters: (values: Float32Array) => void,
  precision: Precision,
): SavedBytes {
  const {
    spec,
    goal,
    standardization,
    targetScale,
    names,
    training,
    unknown,
    optimizer,
    schedule,
    trainingSamples,
    epochsTrained,
  } = network;
  return writeSections([
    ...networkSections(spec),
    { name: 'parameters', type: precision, isRequired: true, bytes: PARAMETERS[precision](spec, readParameters) },
    ...(standardization ? [scaleSection('standardization', standardization)] : []),
    ...(targetScale ? [scaleSection('targets', targetScale)] : []),
    ...(names.classes || names.columns ? [jsonSection('names', false, names)] : []),
    ...(goal.task ? [jsonSection('task', false, goal)] : []),
    jsonSection('optimizer', false, { optimizer, schedule, trainingSamples, epochsTrained }),
    ...(training ? trainingSections(training) : []),
    ...unknown,
  ]);
}

/** The parameters in 32 or in 16 bits. */
const PARAMETERS: Readonly<
  Record<Precision, (spec: Spec, read: (values: Float32Array) => void) => NewSection['bytes']>
> = {
  f32: (spec, read) => {
    const count = countParameters(spec);
    const write = ({ buffer, byteOffset }: Uint8Array) => read(new Float32Array(buffer, byteOffset, count));
    return [{ length: 4 * count, write }];
  },
  f16: (spec, read) => {
    const parameters = new Float32Array(countParameters(spec));
    read(parameters);
    const bytes = halvesOfFloats(parameters);
    const bad = floatsOfHalves(bytes).findIndex((value) => !Number.isFinite(value));
    if (bad < 0) return bytes;
    throw outOfRange(
      `save: ${placeOf(spec, bad)}`,
      parameters[bad],
      `at most ${MAX_HALF} in size for the precision f16: f32 holds it`,
    );
  },
};

/** Where parameter `index` is: `layers[1], unit 3, weight 5`. */
function placeOf({ inputs, layers }: Spec, index: number): string {
  let left = index;
  let l = 0;
  const fanIn = () => (l ? layers[l - 1].units : inputs);
  for (; left >= parametersOf(layers[l], fanIn()); l++) left -= parametersOf(layers[l], fanIn());
  const { units } = layers[l];
  const weights = units * fanIn();
  if (left < weights) return `layers[${l}], unit ${Math.floor(left / fanIn())}, weight ${left % fanIn()}`;
  return `layers[${l}], unit ${(left - weights) % units}, ${left < weights + units ? 'bias' : 'slope'}`;
}

/** The network without its numbers. Earlier versions refuse the required section that they do not know. */
function networkSections(spec: Spec): NewSection[] {
  const network = optionsOf(spec);
  const activations = spec.layers.map(({ activation }) => activation);
  // activations that the first version knew have codes up to MIXED, and are names without a constant
  const isNew = (one: Activation) => typeof one !== 'string' || ACTIVATIONS[one] > MIXED;
  if (!activations.flat().some(isNew)) return [jsonSection('network', true, network)];
  const layers = spec.layers.map(({ activation: _, ...layer }) => layer);
  return [jsonSection('network', true, { ...network, layers }), jsonSection('activations', true, activations)];
}

/** The options that make this spec. A custom cost is only named. */
function optionsOf({ cost, huberDelta, ...spec }: Spec): object {
  return { ...spec, cost: cost === 'huber' ? { name: 'huber', delta: huberDelta } : cost };
}

function scaleSection(name: string, { means, deviations }: Standardization): NewSection {
  return doubleSection(name, true, [means, deviations]);
}

/** A place whose arrays are sections of their own. */
export interface PlaceJson extends Omit<Place, 'run' | 'stopper'> {
  readonly run?: Omit<RunPlace, 'step'> & { readonly step?: { readonly cost: number } };
  readonly stopper?: Omit<StopperPlace, 'parameters'> & { readonly hasParameters: boolean };
}

/** A training whose arrays are sections of their own: `slots` is how many there are. */
export interface TrainingJson extends Omit<SavedTraining, 'slots' | 'place'> {
  readonly slots: number;
  readonly place?: PlaceJson;
}

function trainingSections({ slots, place, ...rest }: SavedTraining): NewSection[] {
  const sums = place?.run?.step?.sums;
  const best = place?.stopper?.parameters;
  const json: TrainingJson = { ...rest, slots: slots.length, place: place && placeJson(place) };
  return [
    jsonSection('training', false, json),
    ...(slots.length > 0 ? [floatSection('training.slots', false, slots)] : []),
    ...(sums ? [floatSection('training.sums', false, [sums])] : []),
    ...(best ? [floatSection('training.best', false, [best])] : []),
  ];
}

function placeJson({ run, stopper, ...others }: Place): PlaceJson {
  return {
    ...others,
    ...(run && { run: { ...run, step: run.step && { cost: run.step.cost } } }),
    ...(stopper && { stopper: stopperJson(stopper) }),
  };
}

function stopperJson({ parameters, ...stopper }: StopperPlace): PlaceJson['stopper'] {
  return { ...stopper, hasParameters: parameters !== undefined };
}
