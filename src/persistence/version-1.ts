import { checkInteger, checkObject, counted, outOfRange, wrongType } from '../check/errors.js';
import { checkSpec, countParameters } from '../spec/spec.js';
import type { Section } from './sections.js';

// Files of version 1 of the format:
//
//   0       8         12             16
//   | magic | version | header bytes | header: JSON | floats | CRC-32 |
//
// The floats are the parameters; means and deviations, if the header says "standardized"; and the arrays of a training,
// in the order of the header, where each array is replaced by its length. This file converts all of them to the
// sections of the present format.

const HEADER_KEYS = [
  'network',
  'optimizer',
  'trainingSamples',
  'epochsTrained',
  'schedule',
  'standardized',
  'training',
];

/** An object of a header, of which nothing is checked yet. */
type Unchecked = Record<string, unknown>;

/**
 * `header`: the JSON. `floats`: the bytes between the header and the checksum. `jsonSection` is passed because an
 * import would make bundlers put it into one more chunk, and loading would take one more round trip.
 */
export function sectionsOfVersion1(
  header: unknown,
  floats: Uint8Array,
  jsonSection: (name: string, isRequired: boolean, value: unknown) => Section,
): Section[] {
  checkObject('load: header', header, HEADER_KEYS);
  const { network, standardized, training, ...optimizer } = header as Unchecked;
  checkObject('load: network', network, Object.keys(network ?? {}));
  if (standardized !== undefined && standardized !== true) {
    throw wrongType('load: standardized', standardized, 'true or nothing');
  }
  const { inputs, layers } = network as { inputs: number; layers: [] };
  const parameters = countParameters(checkSpec({ inputs, layers }));
  const { json, arrays } = training === undefined ? { arrays: [] } : splitTraining(training, standardized === true);
  const columns = standardized ? 2 * inputs : 0;
  const wanted = 4 * (parameters * (1 + arrays.length) + columns);
  if (floats.length !== wanted) {
    throw outOfRange('load', `${counted(floats.length, 'byte')} of parameters`, `${wanted} for this network`);
  }
  for (const { length } of arrays) checkInteger('load: length of an array', length, parameters, parameters);
  let at = 0;
  /** Returns a copy of the next `count` floats, which may begin at any address. */
  const take = (count: number) => {
    at += 4 * count;
    return floats.slice(at - 4 * count, at);
  };
  const sections: Section[] = [
    jsonSection('network', true, network),
    { name: 'parameters', type: 'f32', isRequired: true, bytes: take(parameters) },
  ];
  if (standardized) {
    const bytes = new Uint8Array(Float64Array.from(new Float32Array(take(columns).buffer)).buffer);
    sections.push({ name: 'standardization', type: 'f64', isRequired: true, bytes });
  }
  sections.push(jsonSection('optimizer', false, optimizer));
  if (json !== undefined) sections.push(jsonSection('training', false, json));
  for (const name of new Set(arrays.map((array) => array.name))) {
    const count = arrays.filter((array) => array.name === name).length;
    sections.push({ name, type: 'f32', isRequired: false, bytes: take(count * parameters) });
  }
  return sections;
}

/** The JSON of a training in the present format, and the arrays behind the header, grouped by name. */
function splitTraining(
  training: unknown,
  isStandardized: boolean,
): { json: unknown; arrays: { name: string; length: unknown }[] } {
  const { slots, place } = (training ?? {}) as { slots: unknown; place?: { run?: Unchecked; stopper?: Unchecked } };
  if (!Array.isArray(slots)) throw wrongType('load: training.slots', slots, 'an array of lengths');
  const arrays = slots.map((length: unknown) => ({ name: 'training.slots', length }));
  const step = place?.run?.step as Unchecked | undefined;
  const stopper = place?.stopper;
  if (step) arrays.push({ name: 'training.sums', length: step.sums });
  if (stopper?.parameters !== undefined) arrays.push({ name: 'training.best', length: stopper.parameters });
  const placeNow = place && {
    ...place,
    // in version 1, the checksums are those of data that are not standardised
    ...(isStandardized && { isOfVersion1: true }),
    ...(step && { run: { ...place.run, step: { ...step, sums: undefined } } }),
    ...(stopper && {
      stopper: { ...stopper, parameters: undefined, hasParameters: stopper.parameters !== undefined },
    }),
  };
  return { json: { ...(training as Unchecked), slots: slots.length, place: placeNow }, arrays };
}
