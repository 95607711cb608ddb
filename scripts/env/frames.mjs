// Measures how much a page can still draw while simdprop works on its main thread, compared with the same page just
// before, when it was idle. These pages are not cross-origin isolated, so their clocks are as coarse as in most pages.

const ATTEMPTS = 3;
const IDLE_MS = 2000;
const WORK_MS = 4000;
/** The least frames per second that a page must draw during work, as a share of those of the idle page. */
const LEAST_SHARE = 0.8;
/** The longest time between two frames: this many ms, or this many times the longest of the idle page. */
const LONGEST_GAP_MS = 100;
const LONGEST_GAP_IDLE = 4;

const MEASURE = `
import * as simdprop from '/simdprop/dist/index.js';
/** Counts frames until the task ends: { seconds, frames, framesPerSecond, longestGapMs }. */
const countFrames = async (task) => {
  let frames = 0, longest = 0, isOver = false;
  const started = performance.now();
  let last = started;
  const frame = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    frames++;
    if (!isOver) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  await task();
  isOver = true;
  const now = performance.now();
  const seconds = (now - started) / 1000;
  return { seconds, frames, framesPerSecond: frames / seconds, longestGapMs: Math.max(longest, now - last) };
};
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const digits = (samples) => {
  let state = 1;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;
  return {
    inputs: Uint8Array.from({ length: samples * 784 }, random),
    targets: Uint8Array.from({ length: samples }, () => random() % 10),
  };
};
const classifier = (...units) => simdprop.Network.create({
  inputs: 784,
  scale: 1 / 255,
  layers: [...units.map((units) => ({ units, activation: 'relu' })), { units: 10, activation: 'softmax' }],
  cost: 'categoricalCrossEntropy',
});
const fitFor = async (net, data, ms, options) => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), ms);
  const { signal } = stop;
  try {
    await net.fit(data, { epochs: 1e6, optimizer: simdprop.adam(), signal, ...options });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
};
const attempts = async (task) => {
  const figures = [];
  for (let i = 0; i < ${ATTEMPTS}; i++) {
    await wait(200);
    const idle = await countFrames(() => wait(${IDLE_MS}));
    const busy = await countFrames(task);
    const share = busy.framesPerSecond / idle.framesPerSecond;
    const gapLimitMs = Math.max(${LONGEST_GAP_MS}, ${LONGEST_GAP_IDLE} * idle.longestGapMs);
    const isGood = share >= ${LEAST_SHARE} && busy.longestGapMs <= gapLimitMs;
    figures.push({ idle, busy, share, gapLimitMs, isGood });
    if (isGood) break;
  }
  return figures;
};
`;

/** The work of each page. The code returns the `task` during which frames are counted. */
const WORK = {
  'fit, 784-128-10, 60,000 samples': `
    const data = digits(60000);
    const net = await classifier(128);
    return () => fitFor(net, data, ${WORK_MS}, { batchSize: 32 });
  `,
  'fit, 784-512-512-10, 10,000 samples of validation': `
    const data = digits(20000);
    const net = await classifier(512, 512);
    const validation = { inputs: data.inputs.slice(0, 7840000), targets: data.targets.slice(0, 10000) };
    return () => fitFor(net, data, ${WORK_MS}, { batchSize: 128, validation });
  `,
  'fit, standardised, classes weighted, a fifth held back': `
    const data = digits(20000);
    const net = await classifier(128);
    const options = { standardize: true, validationSplit: 0.2, classWeights: Array(10).fill(1) };
    return () => fitFor(net, data, ${WORK_MS}, options);
  `,
  'evaluate, 784-512-512-10, 20,000 samples': `
    const data = digits(20000);
    const net = await classifier(512, 512);
    return () => net.evaluate(data);
  `,
};

const page = (code) => ({
  text: `
    ${MEASURE}
    const prepare = async () => {${code}};
    report(async () => ({ isolated: crossOriginIsolated, attempts: await attempts(await prepare()) }));
  `,
});

/** Calls of trainFor on data so small that an epoch takes less time than a tick of the page's clock. */
const TIME_BOXED = {
  text: `
    ${MEASURE}
    report(async () => {
      const net = await simdprop.Network.create({ inputs: 2, layers: [{ units: 3, activation: 'tanh' }, { units: 1 }] });
      const data = { inputs: new Float32Array([0, 0, 0, 1, 1, 0, 1, 1]), targets: new Float32Array([0, 1, 1, 0]) };
      const attempts = [];
      for (let i = 0; i < ${ATTEMPTS}; i++) {
        const started = performance.now();
        let samples = 0;
        for (let call = 0; call < 50; call++) samples += (await net.trainFor(data, 10)).samples;
        const ms = (performance.now() - started) / 50;
        const isGood = ms >= 9 && ms <= 12;
        attempts.push({ msPerCall: ms, samplesPerSecond: samples / ms / 0.05, isGood });
        if (isGood) break;
      }
      return { isolated: crossOriginIsolated, attempts };
    });
  `,
};

export const FRAME_PAGES = {
  ...Object.fromEntries(Object.entries(WORK).map(([name, code]) => [`frames: ${name}`, page(code)])),
  'trainFor(data, 10) of XOR uses its time': TIME_BOXED,
};

/** Throws if no attempt was good. Otherwise describes the last attempt, which was good. */
export function judge({ attempts, isolated }) {
  if (isolated) throw new Error('the page is cross-origin isolated: got a finer clock than most pages have');
  const words = attempts.map((attempt) => {
    if (attempt.msPerCall !== undefined) return `${attempt.msPerCall.toFixed(2)} ms a call, want 9 to 12`;
    const { idle, busy, share, gapLimitMs } = attempt;
    const fps = ({ framesPerSecond }) => framesPerSecond.toFixed(1);
    return (
      `${fps(busy)} frames a second, idle ${fps(idle)} (share ${share.toFixed(2)}, want ${LEAST_SHARE}); ` +
      `longest gap ${busy.longestGapMs.toFixed(0)} ms, want at most ${gapLimitMs.toFixed(0)}`
    );
  });
  if (!attempts.some(({ isGood }) => isGood)) throw new Error(words.join('\n'));
  return words.at(-1);
}
