import { describe, expect, it } from 'vitest';
import type { Inspector } from '../src/inspection/inspector.js';
import type { Layer } from '../src/model/layer.js';
import { FIT_UNWATCHED, type Network } from '../src/network.js';
import { CONTENTS } from '../src/persistence/saved-network.js';
import { loadPredictor, type Predictor } from '../src/predict.js';
import { TableModel } from '../src/tabular.js';
import { createNetwork } from './build.js';
import { classifier, randomSamples } from './classifier.js';
import { messageOf } from './first-calls.js';

const { inputs, targets } = randomSamples(4);
const data = { inputs, targets };
const scale = { means: new Float64Array(7), deviations: new Float64Array(7).fill(1) };

/** The methods that can still be called: they give the memory back, or print. */
const ALLOWED = ['dispose', String(Symbol.dispose), 'toString', 'toJSON', 'Symbol(nodejs.util.inspect.custom)'];

/** Calls of every other method with arguments that it accepts, by name: the test finds a method that is not here. */
const NETWORK: Record<string, (net: Network) => unknown> = {
  replayTo: (net) => net.replayTo(1, data),
  fit: (net) => net.fit(data, { epochs: 1 }),
  train: (net) => net.train(data, { epochs: 1 }).return(),
  fitStream: (net) => net.fitStream(() => [data], { epochs: 1 }),
  trainFor: (net) => net.trainFor(data, 1),
  trainBatch: (net) => net.trainBatch(inputs, targets),
  predict: (net) => net.predict(inputs),
  classify: (net) => net.classify(inputs),
  activations: (net) => net.activations(inputs, 0),
  prepareData: (net) => net.prepareData(data),
  evaluate: (net) => net.evaluate(data),
  forward: (net) => net.forward(inputs),
  backward: (net) => net.backward(targets),
  applyGradients: (net) => net.applyGradients(),
  copyWeights: (net) => net.copyWeights(net),
  save: (net) => net.save(),
  'Symbol(contents)': (net) => net[CONTENTS](),
  'Symbol(fitUnwatched)': (net) => net[FIT_UNWATCHED](data, {}),
  inspect: (net) => net.inspect(),
  summary: (net) => net.summary(),
  getStandardization: (net) => net.getStandardization(),
  setStandardization: (net) => net.setStandardization(scale),
  getTargetStandardization: (net) => net.getTargetStandardization(),
  setTargetStandardization: (net) => net.setTargetStandardization(undefined),
};

const LAYER: Record<string, (layer: Layer) => unknown> = {
  getWeights: (layer) => layer.getWeights(),
  setWeights: (layer) => layer.setWeights(new Float32Array(7 * 19)),
  getBiases: (layer) => layer.getBiases(),
  setBiases: (layer) => layer.setBiases(new Float32Array(19)),
  getSlopes: (layer) => layer.getSlopes(),
  setSlopes: (layer) => layer.setSlopes(new Float32Array(19)),
  getZ: (layer) => layer.getZ(),
  getA: (layer) => layer.getA(),
  getDelta: (layer) => layer.getDelta(),
  getWeightGradients: (layer) => layer.getWeightGradients(),
  getBiasGradients: (layer) => layer.getBiasGradients(),
  getSlopeGradients: (layer) => layer.getSlopeGradients(),
};

const INSPECTOR: Record<string, (inspector: Inspector) => unknown> = {
  inputGradients: (inspector) => inspector.inputGradients(),
  perturb: (inspector) => inspector.perturb({ layer: 0, unit: 0, amount: 1 }),
  moments: (inspector) => inspector.moments(0),
  jacobian: (inspector) => inspector.jacobian(inputs),
  sampleGradients: (inspector) => inspector.sampleGradients(inputs, targets),
  checkGradients: (inspector) => inspector.checkGradients(inputs, targets),
};

const PREDICTOR: Record<string, (predictor: Predictor) => unknown> = {
  predict: (predictor) => predictor.predict(inputs),
  classify: (predictor) => predictor.classify(inputs),
};

const rows = [
  { x: 1, side: 'a' },
  { x: 2, side: 'b' },
];
const MODEL: Record<string, (model: TableModel) => unknown> = {
  predict: (model) => model.predict(rows),
  evaluate: (model) => model.evaluate(rows),
  importance: (model) => model.importance(rows),
  save: (model) => model.save(),
};

const networkOf = async () => {
  const net = await createNetwork({ ...classifier, task: 'classes' });
  net.forward(inputs);
  net.backward(targets);
  return net;
};

type Disposable = { owner: { dispose(): void }; used: object };

const owned: [string, Record<string, (used: never) => unknown>, () => Promise<Disposable>][] = [
  ['Network', NETWORK, async () => networkOf().then((net) => ({ owner: net, used: net }))],
  ['Layer', LAYER, async () => networkOf().then((net) => ({ owner: net, used: net.layers[0] }))],
  ['Inspector', INSPECTOR, async () => networkOf().then(async (net) => ({ owner: net, used: await net.inspect() }))],
  [
    'Predictor',
    PREDICTOR,
    async () => loadPredictor(await (await networkOf()).save()).then((used) => ({ owner: used, used })),
  ],
  [
    'TableModel',
    MODEL,
    async () => TableModel.fit(rows, { target: 'side', epochs: 1 }).then((model) => ({ owner: model, used: model })),
  ],
];

describe.each(owned)('after dispose, of a %s', (_, calls, make) => {
  it('every method throws an error that says so, except those that give back or print', async () => {
    const { owner, used } = await make();
    const prototype = Object.getPrototypeOf(used);
    const isMethod = (name: string | symbol) =>
      name !== 'constructor' && typeof Object.getOwnPropertyDescriptor(prototype, name)?.value === 'function';
    const methods = Reflect.ownKeys(prototype).filter(isMethod).map(String);
    expect(methods.filter((name) => !ALLOWED.includes(name)).sort()).toEqual(Object.keys(calls).sort());
    for (const [name, call] of Object.entries(calls)) {
      // before dispose(), the same call is accepted
      if (name !== 'getSlopeGradients') await (async () => call(used as never))();
    }
    owner.dispose();
    for (const [name, call] of Object.entries(calls)) {
      const message = await messageOf(() => call(used as never));
      expect([name, message]).toEqual([
        name,
        expect.stringMatching(/^(Network|Predictor): got a call after dispose\(\), want a /),
      ]);
    }
    expect(String(used)).toBeTypeOf('string');
    expect(JSON.stringify(used)).toBeTypeOf('string');
  });

  it('every property can be read, except the steps, and none can be assigned', async () => {
    const { owner, used } = await make();
    const prototype = Object.getPrototypeOf(used);
    const accessors = Object.entries(Object.getOwnPropertyDescriptors(prototype)).filter(([, { get }]) => get);
    const before = accessors.map(([name]) => (used as never)[name]);
    owner.dispose();
    for (const [i, [name, { set }]] of accessors.entries()) {
      if (name === 'steps') expect(() => (used as never)[name]).toThrow(/dispose/);
      else expect([name, (used as never)[name]]).toEqual([name, before[i]]);
      if (!set) continue;
      expect(() => {
        (used as Record<string, unknown>)[name] = before[i];
      }, name).toThrow(/^Network: got a call after dispose\(\)/);
    }
  });
});

describe('dispose', () => {
  it('holds for a network that was never used', async () => {
    const net = await createNetwork({ ...classifier, task: 'classes' });
    net.dispose();
    for (const [name, call] of Object.entries(NETWORK)) {
      expect([name, await messageOf(() => call(net))]).toEqual([name, expect.stringContaining('after dispose()')]);
    }
  });

  it('can be called twice, and by `using`', async () => {
    const net = await createNetwork(classifier);
    net[Symbol.dispose]();
    net.dispose();
    expect(() => net.predict(inputs)).toThrow(/^Network: got a call after dispose\(\), want a network in use$/);
  });

  it('ends a fit in progress', async () => {
    const net = await createNetwork(classifier);
    const training = net.fit({ inputs, targets }, { epochs: 1_000_000 });
    setImmediate(() => net.dispose());
    await expect(training).rejects.toThrow(/dispose/);
  });

  it('does not affect other networks', async () => {
    const [net, other] = [await createNetwork(classifier), await createNetwork(classifier)];
    const before = other.predict(inputs);
    net.dispose();
    expect(other.predict(inputs)).toEqual(before);
  });
});
