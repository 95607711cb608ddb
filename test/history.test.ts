import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { EpochReport, Evaluation } from '../src/index.js';
import { History, sgd } from '../src/index.js';
import { createNetwork } from './build.js';

/** The report on an epoch. All its numbers are computed from the number of the epoch. */
function reportOn(epoch: number, more: Partial<EpochReport> = {}): EpochReport {
  return {
    epoch,
    epochs: 1e6,
    cost: 1 / (epoch + 1),
    learningRate: 0.5,
    samples: 4,
    elapsedMs: 0.25,
    samplesPerSecond: epoch === 2 ? undefined : 16_000,
    secondsLeft: 1e6 - epoch,
    ...more,
  };
}

function validationOf(cost: number): Evaluation {
  const confusion = [Uint32Array.of(1, 2), Uint32Array.of(3, 4)];
  return {
    task: 'classes',
    cost,
    samples: 10,
    correct: 5,
    accuracy: 1 - cost,
    balancedAccuracy: undefined,
    macroF1: undefined,
    confusion,
  };
}

/** The history of epochs [first, end). */
function historyOf(end: number, more: (epoch: number) => Partial<EpochReport> = () => ({}), first = 0): History {
  const history = new History();
  for (let epoch = first; epoch < end; epoch++) history.add(reportOn(epoch, more(epoch)));
  return history;
}

describe('a history', () => {
  it('has the reports of a short training, in columns and one by one', () => {
    const history = historyOf(5);
    expect(history).toHaveLength(5);
    expect(history.samples).toBe(20);
    expect(history.elapsedMs).toBe(1.25);
    expect([...history]).toEqual(Array.from({ length: 5 }, (_, epoch) => reportOn(epoch)));
    expect(history.at(3)).toEqual(reportOn(3));
    expect(history.at(-2)).toEqual(reportOn(3));
    expect(history.last).toEqual(reportOn(4));
    expect(history.at(-1)).toBe(history.last);
    for (const nowhere of [5, -6, 1.5, Number.NaN]) expect(history.at(nowhere)).toBeUndefined();
    expect(history.column('epoch')).toEqual(Float64Array.of(0, 1, 2, 3, 4));
    expect(history.column('cost')).toEqual(Float64Array.of(1, 1 / 2, 1 / 3, 1 / 4, 1 / 5));
    const speed = 16_000;
    expect(history.column('samplesPerSecond')).toEqual(Float64Array.of(speed, speed, Number.NaN, speed, speed));
    expect(JSON.parse(JSON.stringify(history))[4]).toEqual(reportOn(4));
    expect([history.stopped, history.warnings]).toEqual([undefined, []]);
  });

  it('is empty if nothing was trained', () => {
    const history = new History();
    expect(history).toHaveLength(0);
    expect([...history]).toEqual([]);
    expect([history.last, history.best, history.stopped, history.at(0), history.at(-1)]).toEqual(
      new Array(5).fill(undefined),
    );
  });

  it('keeps the metrics of each validation, and all fields of the last and the best', () => {
    const costs = [0.5, 0.125, 0.25, 0.375];
    const history = historyOf(4, (epoch) => ({ validation: validationOf(costs[epoch]) }));
    expect(history.column('validation.cost')).toEqual(Float64Array.from(costs));
    expect(history.column('validation.accuracy')).toEqual(Float64Array.from(costs, (cost) => 1 - cost));
    expect(history.best?.epoch).toBe(1);
    expect([...history].map(({ validation }) => validation)).toEqual([
      { task: 'classes', samples: 10, cost: 0.5, accuracy: 0.5 },
      validationOf(0.125),
      { task: 'classes', samples: 10, cost: 0.25, accuracy: 0.75 },
      validationOf(0.375),
    ]);
    // biome-ignore lint/suspicious/noExplicitAny: what would not compile
    expect(() => history.column('validation.r2' as any)).toThrow(
      /^history\.column: got "validation\.r2", want one of epoch, cost, .*, validation\.cost, validation\.accuracy$/,
    );
  });

  it('counts the lowest cost as the best, that of training if there is no validation, and never NaN', () => {
    const of = (...costs: number[]) => historyOf(costs.length, (epoch) => ({ cost: costs[epoch] })).best?.epoch;
    expect(of(3, 1, 2)).toBe(1);
    expect(of(1, 1, 1)).toBe(0);
    expect(of(Number.NaN, 5, 7)).toBe(1);
    expect(of(5, Number.NaN, 7)).toBe(0);
    expect(of(Number.NaN, Number.NaN)).toBe(0);
    // if there was early stopping, its best epoch is the best; an epoch without validation is not compared with one
    // that has validation
    expect(historyOf(3, (epoch) => ({ bestEpoch: Math.min(epoch, 1) })).best?.epoch).toBe(1);
    expect(historyOf(3, () => ({ bestEpoch: 1 }), 2).best).toBeUndefined();
    const cut = (epoch: number) => (epoch < 2 ? { validation: validationOf(epoch + 1) } : { cost: 0 });
    expect(historyOf(3, cut).best?.epoch).toBe(0);
  });

  it('collects warnings, each once', () => {
    const warnings = [['a', 'b'], [], ['b', 'c']];
    expect(historyOf(3, (epoch) => ({ warnings: warnings[epoch] })).warnings).toEqual(['a', 'b', 'c']);
  });

  it.each([9998, 9999, 10_000, 19_996, 19_997, 70_001, 700_000])('of %i epochs keeps 10,000', (length) => {
    const best = 7 * Math.floor(length / 10) + 1;
    const cost = (epoch: number) => Math.abs(epoch - best);
    const history = historyOf(length, (epoch) => ({ cost: cost(epoch) }));
    expect(history).toHaveLength(length);
    const epochs = history.column('epoch');
    expect(epochs.length).toBeLessThanOrEqual(10_000);
    expect(epochs.length).toBeGreaterThan(4990);
    expect([epochs[0], epochs.at(-1)]).toEqual([0, length - 1]);
    expect(epochs).toContain(best);
    expect(epochs.every((epoch, i) => i === 0 || epoch > epochs[i - 1])).toBe(true);
    expect(history.column('cost')).toEqual(epochs.map(cost));
    expect(history.best?.epoch).toBe(best);
    // the epochs that are kept are about evenly spaced: there are at most six different distances between them
    const gaps = new Set(epochs.map((epoch, i) => epoch - (epochs[i - 1] ?? 0)));
    expect(gaps.size).toBeLessThanOrEqual(6);
    expect(Array.from(history, ({ epoch }) => epoch)).toEqual([...epochs]);
    for (const epoch of [0, best, length - 1]) expect(history.at(epoch)?.cost).toBe(cost(epoch));
    if (length > 9998) expect(history.at(1)).toBeUndefined();
  });

  it('of a call that has resumed begins with the epoch at which it resumed', () => {
    const history = historyOf(25_007, (epoch) => ({ cost: Math.abs(epoch - 7001) }), 7);
    expect(history).toHaveLength(25_000);
    expect(history.at(0)?.epoch).toBe(7);
    expect(history.at(-1)?.epoch).toBe(25_006);
    expect(history.at(7001 - 7)?.epoch).toBe(7001);
    expect(history.column('epoch')).toContain(7001);
  });

  it('of a call that had no epoch left has empty columns', () => {
    const history = new History();
    expect(history.column('cost')).toEqual(new Float64Array(0));
    expect(history.column('bestEpoch')).toEqual(new Float64Array(0));
    // biome-ignore lint/suspicious/noExplicitAny: what would not compile
    expect(() => history.column('costs' as any)).toThrow(/^history\.column: got "costs", want /);
  });

  it('stops growing when it is full: 80 bytes for each of 10,000 epochs', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const used = () => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const net = await createNetwork({ inputs: 2, layers: [{ units: 3, activation: 'tanh' }, { units: 1 }], seed: 1 });
    const xor = { inputs: new Float32Array([0, 0, 0, 1, 1, 0, 1, 1]), targets: new Float32Array([0, 1, 1, 0]) };
    const fit = (epochs: number) => net.fit(xor, { epochs, batchSize: 4, optimizer: sgd({ learningRate: 0.5 }) });
    // first compiles everything, including the code that thins a history
    await fit(20_000);
    const before = used();
    const history = await fit(60_000);
    expect(used() - before).toBeLessThan(10_000 * 8 * 10 + 400_000);
    expect(history).toHaveLength(60_000);
  });
});
