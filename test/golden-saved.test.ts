import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildName, loadNetwork } from './build.js';
import { BYTES, QUESTIONS, TRAININGS } from './golden-saved/trainings.js';

// Files that earlier versions have written during training: what they hold, what their networks say, and how they
// train on.

interface Expected {
  predictions: number[];
  predictionsOfBytes: number[];
  means?: number[];
  deviations?: number[];
  costs: number[];
  trained: number[];
}

const folder = new URL('golden-saved/', import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.simdprop'))
  .map((name) => name.replace('.simdprop', ''));

it('has a file of each kind for each version', () => {
  const versions = [1, 2];
  expect(names.sort()).toEqual(
    versions.flatMap((version) => Object.keys(TRAININGS).map((kind) => `version-${version}-${kind}`)).sort(),
  );
});

describe.each(names)('%s', (name) => {
  const { network, data, training, steps } = TRAININGS[name.replace(/version-\d-/, '')];
  const bytes = new Uint8Array(readFileSync(new URL(`${name}.simdprop`, folder)));
  const expected: Expected = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));

  it('is the network that was saved', async () => {
    const net = await loadNetwork(bytes);
    expect(net.steps).toBe(steps);
    expect(net.inputs).toBe(network.inputs);
    expect(net.layers.map(({ units, activation }) => ({ units, activation }))).toEqual(
      network.layers.map(({ units, activation }) => ({ units, activation })),
    );
    expect(net.optimizer).toEqual(training.optimizer);
    expect(net.l2).toBe(network.l2 ?? 0);
    expect(net.seed).toBe(network.seed);
    const { means, deviations } = net.standardization ?? {};
    expect(means && [...means]).toEqual(expected.means);
    expect(deviations && [...deviations]).toEqual(expected.deviations);
  });

  // the fused build rounds otherwise
  it.skipIf(buildName === 'relaxed')('predicts as the saved network did, and trains on as it has', async () => {
    const net = await loadNetwork(bytes);
    expect([...net.predict(QUESTIONS)]).toEqual(expected.predictions);
    expect([...net.predict(BYTES)]).toEqual(expected.predictionsOfBytes);
    const reports = await net.fit(data, training);
    expect(reports.map(({ cost }) => cost)).toEqual(expected.costs);
    expect(net.layers.flatMap(({ weights, biases }) => [...weights, ...biases])).toEqual(expected.trained);
  });
});
