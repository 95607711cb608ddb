import { describe, expect, it } from 'vitest';
import type { TrainOptions, TypedDataSet } from '../src/index.js';
import { adam, nadam, sgd } from '../src/index.js';
import { createNetwork, loadNetwork } from './build.js';
import { hashOf } from './parameters.js';
import { data, network, validation } from './resuming.js';

describe('other data and options than those of the training that was saved', () => {
  const training: TrainOptions = {
    epochs: 4,
    batchSize: 8,
    optimizer: adam(),
    validation,
    earlyStopping: { patience: 9 },
  };
  const files = (async () => {
    const net = await createNetwork(network);
    const saved: Uint8Array[] = [];
    await net.fit(data, { ...training, onBatch: async () => void saved.push(await net.save({ training: true })) });
    return { file: saved[10], hash: hashOf(net) };
  })();
  const same = { inputs: data.inputs.slice(), targets: data.targets.slice() };
  const changed = { ...same, inputs: same.inputs.map((value, i) => (i === 7 ? 0.125 : value)) };
  const ofTraining = ' of the training that was saved, or a network loaded with training: false';

  it.each<[string, TypedDataSet, TrainOptions, string]>([
    [
      'one input',
      changed,
      training,
      'fit: data, options.validationSplit or options.classWeights: got others, want those',
    ],
    [
      'one label',
      { ...same, targets: same.targets.map((c, i) => (i ? c : (c + 1) % 3)) },
      training,
      'fit: data, options.validationSplit or options.classWeights: got others, want those',
    ],
    [
      'weights',
      { ...same, weights: new Float32Array(50).fill(1) },
      training,
      'fit: data, options.validationSplit or options.classWeights: got others, want those',
    ],
    ['fewer samples', validation, training, 'fit: number of samples (data, options.validationSplit): got 20, want 50'],
    ['batchSize', same, { ...training, batchSize: 7 }, 'fit: options.batchSize · accumulate: got 7, want 8'],
    ['shuffle', same, { ...training, shuffle: false }, 'fit: options.shuffle: got false, want true'],
    [
      'ignoreNonFinite',
      same,
      { ...training, ignoreNonFinite: true },
      'fit: options.ignoreNonFinite: got true, want false',
    ],
    ['validation', same, { ...training, validation: data }, 'fit: validation data: got others, want those'],
    [
      'earlyStopping',
      same,
      { ...training, earlyStopping: undefined },
      'fit: options.earlyStopping: got undefined, want {"monitor":"cost","patience":9,"minDelta":0,"restoreBest":true}',
    ],
    [
      'optimizer',
      same,
      { ...training, optimizer: adam({ beta1: 0.8 }) },
      'fit: options.optimizer: got {"name":"adam",',
    ],
    ['another optimizer', same, { ...training, optimizer: nadam() }, 'fit: options.optimizer: got {"name":"nadam",'],
  ])('%s: the call is refused, and nothing changes', async (_, set, options, message) => {
    const { file, hash } = await files;
    const loaded = await loadNetwork(file);
    const refused = loaded.fit(set, options);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(ofTraining);
    await expect(refused).rejects.toThrow(RangeError);
    expect(await loaded.save({ training: true })).toEqual(file);
    await loaded.fit(same, training);
    expect(hashOf(loaded)).toBe(hash);
  });

  it('an optimizer that was assigned to the loaded network: the call resumes with it, and with no other', async () => {
    const { file } = await files;
    for (const given of [adam({ learningRate: 0.5 }), sgd({ learningRate: 0.5 })]) {
      const loaded = await loadNetwork(file);
      loaded.optimizer = given;
      await expect(loaded.fit(same, training)).rejects.toThrow('fit: options.optimizer: got {"name":"adam",');
      const reports = [...(await loaded.fit(same, { ...training, optimizer: undefined }))];
      expect(reports.map(({ epoch, learningRate }) => [epoch, learningRate])).toEqual([
        [1, 0.5],
        [2, 0.5],
        [3, 0.5],
      ]);
      expect(loaded.optimizer).toEqual(given);
    }
  });

  it('the same validation data in arrays of other types: the call resumes', async () => {
    const { file, hash } = await files;
    const inputs = Float64Array.from(validation.inputs);
    const targets = Int32Array.from(validation.targets as Uint8Array);
    const loaded = await loadNetwork(file);
    await loaded.fit(same, { ...training, validation: { inputs, targets } });
    expect(hashOf(loaded)).toBe(hash);
  });

  it('another call is refused', async () => {
    const { file } = await files;
    const loaded = await loadNetwork(file);
    await expect(loaded.trainFor(data, 1)).rejects.toThrow(`trainFor: call: got trainFor, want fit${ofTraining}`);
    await expect(loaded.fitStream(() => [data])).rejects.toThrow(
      `fitStream: call: got fitStream, want fit${ofTraining}`,
    );
    expect(await loaded.save({ training: true })).toEqual(file);
  });

  it('training: false begins anew, like a network from a plain file', async () => {
    const { file } = await files;
    const [loaded, again] = [await loadNetwork(file, { training: false }), await loadNetwork(file)];
    const plain = await loadNetwork(await again.save());
    for (const each of [loaded, plain]) await each.fit(validation, { epochs: 2 });
    expect(hashOf(loaded)).toBe(hashOf(plain));
  });

  it('more epochs: the call resumes; fewer: it ends at once', async () => {
    const { file } = await files;
    const net = await createNetwork(network);
    const reports = (await net.fit(data, { ...training, epochs: 6 })).column('cost');
    const longer = await loadNetwork(file);
    expect((await longer.fit(data, { ...training, epochs: 6 })).column('cost')).toEqual(reports.slice(1));
    expect(hashOf(longer)).toBe(hashOf(net));
    const shorter = await loadNetwork(file);
    expect(await shorter.fit(data, { ...training, epochs: 1 })).toHaveLength(0);
  });

  it('wrong options of save and load are refused', async () => {
    const { file } = await files;
    const net = await loadNetwork(file);
    await expect(net.save({ trainig: true } as never)).rejects.toThrow(
      'options: got the unknown key "trainig", want training',
    );
    await expect(net.save({ training: 1 } as never)).rejects.toThrow('options.training: got 1, want true or false');
    await expect(loadNetwork(file, { training: 1 } as never)).rejects.toThrow(
      'options.training: got 1, want true or false',
    );
    await expect(loadNetwork(file, { resume: true } as never)).rejects.toThrow(
      'options: got the unknown key "resume", want batchSize, build, wasm, threads, wide, createWorker, team, cost, learningRate, training',
    );
  });
});
