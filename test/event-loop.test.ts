import { describe, expect, it, vi } from 'vitest';
import { eventLoopOf } from '../src/training/event-loop.js';
import { createNetwork } from './build.js';

type Callback = () => void;

/** A host whose functions only record that they were called. The test itself then calls the callbacks. */
function makeHost(visibilityState: string | undefined, ...has: readonly string[]) {
  const log: string[] = [];
  const pending: Record<string, Callback> = {};
  const note = (name: string) => (callback: Callback) => {
    log.push(name);
    pending[name] = callback;
    return name;
  };
  class Channel {
    readonly port1 = { onmessage: null as Callback | null, close: () => log.push('close') };
    readonly port2 = {
      postMessage: () => {
        log.push('message');
        pending.message = () => this.port1.onmessage?.();
      },
    };
  }
  const all = {
    requestAnimationFrame: note('frame'),
    setImmediate: note('immediate'),
    setTimeout: (callback: Callback, milliseconds: number) => note(`timer ${milliseconds}`)(callback),
    clearTimeout: (name: string) => log.push(`clear ${name}`),
    MessageChannel: Channel,
  };
  const document = visibilityState && { visibilityState };
  const host = {
    ...(document && { document }),
    ...Object.fromEntries(Object.entries(all).filter(([name]) => has.includes(name))),
  };
  return { host, log, pending, document: document as { visibilityState: string } };
}

const PAGE = ['requestAnimationFrame', 'setTimeout', 'clearTimeout', 'MessageChannel'] as const;

describe('the event loop', () => {
  it('of a page waits for a frame, and then for a message, which comes after rendering', () => {
    const { host, log, pending } = makeHost('visible', ...PAGE);
    const resolve = vi.fn();
    eventLoopOf(host as never)(resolve);
    expect(log).toEqual(['timer 50', 'frame']);
    pending.frame();
    expect(log.slice(2)).toEqual(['clear timer 50', 'message']);
    expect(resolve).not.toHaveBeenCalled();
    pending.message();
    expect(resolve).toHaveBeenCalledOnce();
    expect(log.slice(4)).toEqual(['close']);
    // the timer, which still fires, must not resolve a second time
    pending['timer 50']();
    expect(log).toHaveLength(5);
  });

  it('of a page that draws no frame continues after 50 ms', () => {
    const { host, log, pending } = makeHost('visible', ...PAGE);
    const resolve = vi.fn();
    eventLoopOf(host as never)(resolve);
    pending['timer 50']();
    pending.message();
    pending.frame();
    expect(resolve).toHaveBeenCalledOnce();
    expect(log.filter((entry) => entry === 'message')).toHaveLength(1);
  });

  it('of Node is run without reading MessageChannel, for which Node would load its streams', () => {
    const { host, log } = makeHost(undefined, 'setImmediate', 'setTimeout');
    Object.defineProperty(host, 'MessageChannel', { get: () => log.push('MessageChannel') });
    eventLoopOf(host as never)(() => {});
    expect(log).toEqual(['immediate']);
  });

  it('of a hidden page is run by a message alone, until the page is visible', () => {
    const { host, log, document } = makeHost('hidden', ...PAGE);
    const run = eventLoopOf(host as never);
    run(() => {});
    expect(log).toEqual(['message']);
    document.visibilityState = 'visible';
    run(() => {});
    expect(log.slice(1)).toEqual(['timer 50', 'frame']);
  });

  it.each([
    ['Node', ['setImmediate', 'setTimeout', 'MessageChannel'], 'immediate'],
    ['a worker, which may have frames but no document', [...PAGE], 'message'],
    ['a service worker', ['setTimeout', 'MessageChannel'], 'message'],
    ['a host with nothing but timers', ['setTimeout'], 'timer 0'],
  ])('of %s uses what the host has', (_host, has, wanted) => {
    const { host, log, pending } = makeHost(undefined, ...has);
    const resolve = vi.fn();
    eventLoopOf(host as never)(resolve);
    expect(log).toEqual([wanted]);
    pending[wanted]();
    expect(resolve).toHaveBeenCalledOnce();
  });

  it('works in a page that has only frames, like that of jsdom, and in an AudioWorklet, which has nothing', () => {
    const { host, log, pending } = makeHost('visible', 'requestAnimationFrame');
    const resolve = vi.fn();
    eventLoopOf(host as never)(resolve);
    expect(log).toEqual(['frame']);
    pending.frame();
    expect(resolve).toHaveBeenCalledOnce();
    eventLoopOf({})(resolve);
    expect(resolve).toHaveBeenCalledTimes(2);
  });

  it('does not use fake timers', () => {
    const { host, log } = makeHost('visible', 'setImmediate', ...PAGE);
    for (const name of ['requestAnimationFrame', 'setImmediate', 'setTimeout'] as const) {
      Object.assign(host[name as never] as object, { clock: {} });
    }
    eventLoopOf(host as never)(() => {});
    expect(log).toEqual(['message']);
  });
});

describe('under fake timers', () => {
  const data = { inputs: new Float32Array(40_000).fill(0.5), targets: new Float32Array(40_000) };
  const layers = [{ units: 16, activation: 'tanh' }, { units: 1 }] as const;

  /** Trains for long enough that the event loop runs several times. */
  async function expectDone(create: typeof createNetwork): Promise<void> {
    const net = await create({ inputs: 1, layers: [...layers] });
    const reports = await net.fit(data, { epochs: 20, batchSize: 8, standardize: true, validation: data });
    expect(reports).toHaveLength(20);
    net.dispose();
  }

  it('fit continues, whichever functions of the host are fake', async () => {
    vi.useFakeTimers();
    try {
      await expectDone(createNetwork);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ['all of them', {}],
    ['timers without the clock', { toFake: ['setTimeout', 'setImmediate', 'Date'] }],
  ] as const)('fit continues if it was loaded under them: %s', async (_which, config) => {
    vi.resetModules();
    vi.useFakeTimers({ ...config, toFake: 'toFake' in config ? [...config.toFake] : undefined });
    try {
      const { Network } = await import('../src/network.js');
      await expectDone((options) => Network.create(options));
    } finally {
      vi.useRealTimers();
      vi.resetModules();
    }
  });
});
