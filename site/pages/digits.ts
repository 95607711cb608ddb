import { Network } from 'simdprop';
import { readDrawing } from 'simdprop/canvas';
import {
  CLASSES,
  type DigitSets,
  type Digits,
  fetchDigits,
  PIXELS,
  type TrainingMessage,
  type TrainingOrder,
  WIDTH,
} from '../model/digits.js';
import { messageOf } from '../model/message.js';
import { showConfusion } from '../view/confusion.js';
import { drawDigit, WeightPictures } from '../view/digit-picture.js';
import { byId, element } from '../view/element.js';
import { whole } from '../view/numbers.js';
import { makePad } from '../view/pad.js';
import { startScrollBoxes } from '../view/scroll-box.js';
import { colour, onTheme, startTheme } from '../view/theme.js';

const DIGITS = new URL('./digits.gz', document.baseURI);
const MOST_IMAGES = 40;

const seen = byId<HTMLCanvasElement>('seen');
const verdict = byId('read');
const pictures = new WeightPictures(byId<HTMLCanvasElement>('weights'));
const bars = Array.from({ length: CLASSES }, (_, k) => {
  const meter = element('meter', { min: 0, max: 1, value: 0, 'aria-label': `probability of ${k}` });
  const text = element('span');
  const row = element('div', { class: 'probability' }, element('span', {}, String(k)), meter, text);
  return { meter, text, row };
});

let digits: DigitSets | undefined;
let net: Network | undefined;
let worker: Worker | undefined;
/** The picture that the network sees. */
let input: Uint8Array = new Uint8Array(PIXELS);
/** Of the present training. */
let seed = 0;
let example = 0;
let isWaiting = false;

const pad = makePad(byId<HTMLCanvasElement>('pad'), () => colour('--ink'), readPad);

function readPad(): void {
  // a drawing that changes several times in a frame is read once
  if (isWaiting) return;
  isWaiting = true;
  requestAnimationFrame(() => {
    isWaiting = false;
    input = readDrawing(pad.pixels());
    answer();
  });
}

/** Shows what the network reads. */
function answer(): void {
  drawDigit(seen, input);
  const isEmpty = input.every((value) => value === 0);
  if (!net || isEmpty) {
    verdict.textContent = 'Draw something.';
    for (const { meter, text } of bars) {
      meter.value = 0;
      text.textContent = '';
    }
    return;
  }
  const probabilities = net.predict(input);
  bars.forEach(({ meter, text }, k) => {
    meter.value = probabilities[k];
    text.textContent = `${(100 * probabilities[k]).toFixed(1)} %`;
  });
  const best = probabilities.indexOf(Math.max(...probabilities));
  const words = `This is a ${best}.`;
  if (verdict.textContent !== words) verdict.textContent = words;
  pictures.mark(net.activations(input, 0), colour('--ink'));
}

function showNetwork(): void {
  if (!net) return;
  pictures.show(net.layers[0].getWeights());
  answer();
}

async function take(news: TrainingMessage): Promise<void> {
  // of a training that another has ended
  if (news.seed !== seed) return;
  const progress = byId('progress');
  const bar = byId<HTMLProgressElement>('bar');
  if (news.kind === 'progress') {
    bar.value = news.share;
    const pace = news.samplesPerSecond ? `, ${whole(news.samplesPerSecond)} digits a second` : '';
    progress.textContent = `cost ${news.cost.toFixed(3)}${pace}`;
  } else if (news.kind === 'epoch') {
    const before = net;
    net = await Network.load(news.file);
    before?.dispose();
    progress.textContent = `epoch ${news.epoch + 1}: ${(100 * news.accuracy).toFixed(1)} % of the test are read right`;
    showNetwork();
  } else if (news.kind === 'end') {
    bar.value = 1;
    const { accuracy } = await showErrors();
    const time = `${news.seconds.toFixed(1)} s${news.threads > 1 ? ` on ${news.threads} threads` : ''}`;
    progress.textContent = `${(100 * accuracy).toFixed(1)} % of the test are read right, after ${time}`;
  } else fail(news.message);
}

function fail(error: unknown): void {
  byId('progress').textContent = '';
  byId('message').textContent = messageOf(error);
}

/** Draws the images that the matrix has opened again, as after a change of the theme. */
let redrawOpened = () => {};

async function showErrors(): Promise<{ accuracy: number }> {
  const trained = net as Network;
  const { test } = await loadDigits();
  const evaluation = await trained.evaluate(test);
  if (evaluation.task !== 'classes' || !evaluation.confusion) throw new Error('got no confusion matrix, want one');
  const read = trained.classify(test.inputs) as number[];
  byId('images').replaceChildren();
  byId('opened').textContent = '';
  redrawOpened = () => {};
  showConfusion(byId<HTMLTableElement>('matrix'), evaluation.confusion, (is, as) => {
    const wrong = read.flatMap((label, i) => (label === as && test.targets[i] === is ? [i] : []));
    byId('opened').textContent = `A ${is} that it reads as ${as}, ${wrong.length} of them:`;
    redrawOpened = () => showImages(test, wrong.slice(0, MOST_IMAGES));
    redrawOpened();
  });
  return evaluation;
}

/** Shows images of the test by their indices. */
function showImages(test: Digits, indices: readonly number[]): void {
  byId('images').replaceChildren(
    ...indices.map((i) => {
      const label = `image ${i} of the test, a ${test.targets[i]}`;
      const canvas = element('canvas', { role: 'img', 'aria-label': label });
      drawDigit(canvas, test.inputs.subarray(i * PIXELS, (i + 1) * PIXELS));
      return element('figure', {}, canvas);
    }),
  );
}

/** The worker stays for all trainings. Without the network, another could not be fetched. */
function startWorker(): Worker {
  const made = new Worker(new URL('./digits-worker.ts', import.meta.url), { type: 'module' });
  // one after another: a network is loaded before the next news is looked at
  let last = Promise.resolve();
  made.addEventListener('message', ({ data }: MessageEvent<TrainingMessage>) => {
    last = last.then(() => take(data)).catch(fail);
  });
  made.addEventListener('error', ({ message }) => fail(message || 'the worker did not load'));
  return made;
}

/** Fetches the digits, unless they are there. */
async function loadDigits(): Promise<DigitSets> {
  digits ??= await fetchDigits(DIGITS);
  return digits;
}

async function train(): Promise<void> {
  byId('message').textContent = '';
  const order: TrainingOrder = {
    digits: await loadDigits(),
    hidden: byId<HTMLSelectElement>('hidden').value.split(',').map(Number),
    epochs: Number(byId<HTMLSelectElement>('epochs').value),
    seed: ++seed,
  };
  worker ??= startWorker();
  worker.postMessage(order);
}

startTheme();
startScrollBoxes();
byId('probabilities').append(...bars.map(({ row }) => row));
byId('train').addEventListener('click', () => void train().catch(fail));
byId('clear').addEventListener('click', () => {
  pad.clear();
  input = new Uint8Array(PIXELS);
  answer();
});
byId('example').addEventListener('click', async () => {
  try {
    const { test } = await loadDigits();
    input = test.inputs.slice(example * PIXELS, (example + 1) * PIXELS);
    pad.show(input, WIDTH);
    example = (example + 1) % test.targets.length;
    answer();
  } catch (error) {
    fail(error);
  }
});
onTheme(() => {
  pad.recolour();
  showNetwork();
  redrawOpened();
});
answer();
await train().catch(fail);
