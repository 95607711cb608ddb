import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { DataSet, EpochReport, TrainOptions } from '../../src/index.js';
import { adam, irprop, lbfgs, NonFiniteError } from '../../src/index.js';
import type { Network } from '../../src/network.js';
import { createNetwork, loadNetwork } from '../build.js';
import { randomFloats, randomNumbers, SEED } from '../random-numbers.js';
import { editHeader, editJson, joinSections, sectionsOf } from '../saved-files.js';

// Loads damaged files, with mutations of five kinds, and forged files with a right checksum.

const MUTATIONS = 10_000;

const random = randomNumbers(SEED);
const below = (count: number) => Math.floor(random() * count);

const data: DataSet = {
  inputs: randomFloats(20 * 3, random),
  targets: Uint8Array.from({ length: 20 }, () => below(2)),
};
const TRAININGS: TrainOptions[] = [
  { batchSize: 4, epochs: 3, optimizer: adam(), validation: data, earlyStopping: {} },
  { batchSize: 20, epochs: 3, optimizer: irprop(), standardize: true },
  { epochs: 3, optimizer: lbfgs({ history: 2 }) },
];

/** Files that version 1 of the format has written. */
const old: Uint8Array[] = ['training', 'standardized'].map(
  (kind) => new Uint8Array(readFileSync(new URL(`../golden-saved/version-1-${kind}.simdprop`, import.meta.url))),
);

/** Plain files and checkpoints of several optimizers, from the middle of an epoch and from its end. */
const files: Uint8Array[] = [...old];
beforeAll(async () => {
  for (const training of TRAININGS) {
    const net = await createNetwork({ inputs: 3, layers: [{ units: 4, activation: 'tanh' }, { units: 2 }], l2: 0.01 });
    files.push(await net.save(), await net.save({ training: true }));
    await net.fit(data, {
      ...training,
      onBatch: async () => {
        if (net.steps === 2) files.push(await net.save({ training: true }));
      },
      onEpoch: async ({ epoch }) => {
        if (epoch === 1) files.push(await net.save(), await net.save({ training: true }));
      },
    });
    await net.trainFor(data, 1e-30, { batchSize: 20, optimizer: adam() });
    files.push(await net.save({ training: true }));
  }
});

function concatenated(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const someBytes = (count: number) => Uint8Array.from({ length: count }, () => below(256));

const KINDS: Record<string, (file: Uint8Array) => Uint8Array> = {
  'flipped bits': (file) => {
    const bytes = file.slice();
    for (let flips = 1 + below(8); flips > 0; flips--) bytes[below(bytes.length)] ^= 1 << below(8);
    return bytes;
  },
  'overwritten bytes': (file) => {
    const bytes = file.slice();
    const count = 1 + below(64);
    bytes.set(random() < 0.5 ? someBytes(count) : new Uint8Array(count), below(bytes.length - count));
    return bytes;
  },
  truncations: (file) => (random() < 0.5 ? file.slice(0, below(file.length)) : file.slice(1 + below(file.length - 1))),
  insertions: (file) => {
    const at = below(file.length + 1);
    const count = 1 + below(64);
    // the bytes may also be a piece of the file itself
    const piece = random() < 0.5 ? someBytes(count) : file.slice(below(file.length), below(file.length) + count);
    return concatenated(file.subarray(0, at), piece, file.subarray(at));
  },
  'removed pieces': (file) => {
    const at = below(file.length);
    return concatenated(file.subarray(0, at), file.subarray(at + 1 + below(64)));
  },
  splices: (file) => {
    const other = files[below(files.length)];
    return concatenated(file.subarray(0, below(file.length + 1)), other.subarray(below(other.length + 1)));
  },
};

it(`refuses all of ${MUTATIONS} mutations, without starting a core for any`, async () => {
  const memory = vi.spyOn(WebAssembly, 'Memory');
  const instance = vi.spyOn(WebAssembly, 'Instance');
  const kinds = Object.entries(KINDS);
  const same = new Set(files.map((file) => Buffer.from(file).toString('latin1')));
  const refused: Record<string, number> = {};
  try {
    for (let done = 0; done < MUTATIONS; ) {
      const [kind, mutate] = kinds[done % kinds.length];
      const bytes = mutate(files[below(files.length)]);
      if (same.has(Buffer.from(bytes).toString('latin1'))) continue;
      const error: unknown = await loadNetwork(bytes).then(
        () => 'accepted',
        (thrown: unknown) => thrown,
      );
      if (!(error instanceof RangeError && /^load: got .+, want .+/.test(error.message))) {
        expect.fail(`${kind}, mutation ${done} of seed ${SEED}: ${error}`);
      }
      refused[kind] = (refused[kind] ?? 0) + 1;
      done++;
    }
    expect(Object.values(refused).reduce((sum, count) => sum + count)).toBe(MUTATIONS);
    expect(memory).not.toHaveBeenCalled();
    expect(instance).not.toHaveBeenCalled();
  } finally {
    vi.restoreAllMocks();
  }
});

/** The paths of all values in a header. */
function placesIn(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const inside = Object.entries(value).flatMap(([key, child]) => placesIn(child, [...path, key]));
  return path.length ? [path, ...inside] : inside;
}

const VALUES: unknown[] = [
  undefined,
  null,
  true,
  false,
  '',
  'fit',
  'NaN',
  'Infinity',
  [],
  {},
  [1],
  0,
  -1,
  0.5,
  1,
  2,
  3,
  4,
  19,
  20,
  21,
  257,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 53,
  1e30,
  1e308,
  { ...lbfgs() },
];

/** Replaces some values by others. */
function change(json: unknown): void {
  for (let changes = 1 + below(2); changes > 0; changes--) {
    const places = placesIn(json);
    const place = places[below(places.length)];
    if (!place) return;
    // biome-ignore lint/suspicious/noExplicitAny: JSON of any shape
    const owner = place.slice(0, -1).reduce((object, key) => object[key], json as any);
    owner[place[place.length - 1]] = structuredClone(VALUES[below(VALUES.length)]);
  }
}

/** The file with other values in its JSON or in its table, and with a right checksum. */
function forge(file: Uint8Array): Uint8Array {
  if (old.includes(file)) return editHeader(file, change);
  const sections = sectionsOf(file);
  const names = sections.filter(({ type }) => type === 'json').map(({ name }) => name);
  const chosen = below(names.length + 1);
  if (chosen < names.length) return editJson(file, names[chosen], change);
  const table = { sections: sections.map((section) => ({ ...section, bytes: section.bytes.length })) };
  change(table);
  return joinSections(sections, { table });
}

/**
 * Expects every entry of the JSON `given` in `saved`. Entries that are missing or null in `given` may have any value in
 * `saved`, their default.
 */
function expectKept(given: unknown, saved: unknown, where: string): void {
  if (given === undefined || given === null) return;
  if (typeof given !== 'object' || typeof saved !== 'object' || saved === null) {
    expect(saved, where).toBe(given);
    return;
  }
  for (const [key, value] of Object.entries(given)) {
    expectKept(value, (saved as Record<string, unknown>)[key], `${where}.${key}`);
  }
}

/** Saved files have these sections, whatever file their network was loaded from. */
const ALWAYS = ['network', 'parameters', 'optimizer', 'training'];

/** Checks a network from a forged file: it is as the file says, and so is the file that it saves. */
async function inspectLoaded(net: Network, forged: Uint8Array, where: string): Promise<void> {
  const saved = await net.save({ training: true });
  const copy = await loadNetwork(saved);
  expect(Buffer.compare(await copy.save({ training: true }), saved), where).toBe(0);
  copy.dispose();
  const sections = sectionsOf(saved);
  const names = sections.map(({ name }) => name);
  // in files of version 1, only the header was forged
  const given = new DataView(forged.buffer).getUint32(8, true) === 1 ? [] : sectionsOf(forged);
  for (const { name, type, bytes } of given) {
    expect(names, where).toContain(name);
    const kept = sections[names.indexOf(name)].bytes;
    if (type !== 'json') expect(Buffer.compare(kept, bytes), `${where}, ${name}`).toBe(0);
    else expectKept(parsed(bytes), parsed(kept), `${where}: ${name}`);
  }
  if (given.length) expect([...ALWAYS, ...given.map(({ name }) => name)], where).toEqual(expect.arrayContaining(names));
  const { inputs, layers, seed } = parsed(sections[0].bytes);
  expect([net.inputs, net.layers.map(({ units }) => units), net.seed], where).toEqual([
    inputs,
    layers.map(({ units }: { units: number }) => units),
    seed,
  ]);
  expect(net.predict(new Float32Array(inputs)), where).toHaveLength(net.outputs);
}

const parsed = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes));

/** Trains a network from a forged file. A refused call must change nothing, and reports must be those of this call. */
async function inspectTraining(net: Network, training: TrainOptions, where: string): Promise<void> {
  const before = await net.save({ training: true });
  try {
    const reports: EpochReport[] = [];
    await net.fit(data, { ...training, epochs: 4, onEpoch: (report) => void reports.push(report) });
    for (const [i, { epoch, epochs, samples, cost, learningRate, bestEpoch = 0 }] of reports.entries()) {
      expect([epoch, epochs], where).toEqual([reports[0].epoch + i, 4]);
      expect(epoch, where).toBeLessThan(4);
      expect(samples, where).toBe(20);
      expect(Number.isFinite(cost) && Number.isFinite(learningRate), where).toBe(true);
      expect(bestEpoch, where).toBeLessThanOrEqual(epoch);
    }
    expect(net.predict(data.inputs as Float32Array).every(Number.isFinite), where).toBe(true);
    return;
  } catch (error) {
    // a refusal is right if the place belongs to another call, or if numbers overflow
    if (!/^\w*Error: .*: got .+, want /s.test(String(error))) throw error;
    if (error instanceof NonFiniteError) return;
  }
  expect(Buffer.compare(await net.save({ training: true }), before), where).toBe(0);
}

describe('forged files with a right checksum', () => {
  it('are refused with a clear error, or are usable networks as the file says', async () => {
    let accepted = 0;
    for (let done = 0; done < 2000; done++) {
      const bytes = forge(files[below(files.length)]);
      const net = await loadNetwork(bytes).catch((error: unknown) => {
        const isClear =
          (error instanceof RangeError || error instanceof TypeError) && /: got .*, want /.test(error.message);
        if (!isClear) expect.fail(`forgery ${done} of seed ${SEED}: ${error}`);
      });
      if (!net) continue;
      accepted++;
      const where = `forgery ${done} of seed ${SEED}`;
      await inspectLoaded(net, bytes, where);
      for (const training of TRAININGS) await inspectTraining(net, training, where);
      net.dispose();
    }
    // a number of files were accepted, and a number were refused
    expect(accepted).toBeGreaterThan(50);
    expect(accepted).toBeLessThan(1500);
    console.log(`fuzz: ${MUTATIONS} mutations refused; of 2000 forged files ${accepted} accepted and inspected`);
  });
});
