import { checkFloats } from '../check/errors.js';
import type { KnownGoal } from '../data/task.js';
import {
  checkFile,
  decodeGoal,
  decodeNames,
  decodeScaled,
  decodeStandardization,
  NETWORK_SECTIONS,
} from '../persistence/decode-network.js';
import { Contents, inFile, readJson, readSections } from '../persistence/read-sections.js';
import { CHECKSUM_BYTES, jsonSection } from '../persistence/sections.js';
import { sectionsOfVersion1 } from '../persistence/version-1.js';
import type { Names } from '../spec/names.js';
import type { SpecOptions } from '../spec/network-options.js';
import { checkForwardSpec, countParameters, type ForwardSpec, outputsOf } from '../spec/spec.js';
import type { Standardization } from '../spec/standardization.js';

// Reads the part of a file that predictions depend on. What else is in it, such as the cost and the optimizer, is left
// alone.

export interface ReadNetwork {
  readonly spec: ForwardSpec;
  readonly goal: KnownGoal;
  readonly names: Names;
  readonly standardization: Standardization | undefined;
  readonly targetScale: Standardization | undefined;
  /** For each layer w [units × fanIn] row-major, then b [units]. */
  readonly parameters: Float32Array;
}

/** The network in a file that save() has made. */
export function readNetwork(file: Uint8Array): ReadNetwork {
  const contents = new Contents(sectionsOf(file), NETWORK_SECTIONS);
  const { scaled, ...options } = Object(contents.json('network'));
  const spec = inFile('load: ', () => ({
    ...checkForwardSpec(options as SpecOptions),
    ...decodeScaled(scaled, options as SpecOptions),
  }));
  const outputs = outputsOf(spec);
  const learner = { ...spec, cost: options.cost as unknown };
  const goal = decodeGoal(contents, learner);
  const parameters = contents.floats('parameters', countParameters(spec));
  return {
    spec,
    goal,
    names: decodeNames(contents, learner, goal),
    standardization: decodeStandardization(contents, 'standardization', spec.inputs),
    targetScale: decodeStandardization(contents, 'targets', outputs),
    parameters: checkFloats('load: parameters', parameters, parameters.length),
  };
}

function sectionsOf(file: Uint8Array) {
  if (checkFile(file) > 1) return readSections(file);
  const { json, start } = readJson(file, 'header');
  return sectionsOfVersion1(json, file.subarray(start, file.length - CHECKSUM_BYTES), jsonSection);
}
