import { type BenchNews, type BenchOrder, CONTESTS, type ContestantName } from '../model/bench.js';
import { ContestResult, markdownOf } from '../model/bench-result.js';
import { fetchDigits } from '../model/digits.js';
import { BenchTable } from '../view/bench-table.js';
import { makeCopyButton } from '../view/copy.js';
import { byId, element } from '../view/element.js';
import { startTheme } from '../view/theme.js';

const DIGITS = new URL('./digits.gz', document.baseURI);

/** What trains for each contestant, as it is in the repository. */
const SOURCES: Readonly<Record<ContestantName, () => Promise<{ default: string }>>> = {
  simdprop: () => import('../model/train-simdprop.ts?raw'),
  plain: () => import('../../bench/pure-js.ts?raw'),
  tensorflow: () => import('../../bench/peers/tfjs-trainer.mjs?raw'),
  brain: () => import('../../bench/peers/brain-trainer.mjs?raw'),
};

const startButton = byId<HTMLButtonElement>('start');
const stopButton = byId<HTMLButtonElement>('stop');
const progress = byId('progress');
const bar = byId<HTMLProgressElement>('bar');
const roundsSelect = byId<HTMLSelectElement>('rounds');
const markdown = byId<HTMLTextAreaElement>('markdown');
const boxes = CONTESTS.map(({ name }, i) => {
  const box = element('input', { type: 'checkbox', checked: true, value: i });
  byId('contests').append(element('label', { class: 'row' }, box, name));
  return box;
});

let worker: Worker | undefined;
/** By index in CONTESTS. */
let results = new Map<number, ContestResult>();
let tables = new Map<number, BenchTable>();
let rounds = 0;

function end(text: string): void {
  worker?.terminate();
  worker = undefined;
  startButton.disabled = false;
  stopButton.disabled = true;
  progress.textContent = text;
}

function fail(message: string): void {
  byId('message').textContent = message;
  end('');
}

function take(news: BenchNews): void {
  if (news.kind === 'progress') {
    bar.value = news.share;
    progress.textContent = news.text;
  } else if (news.kind === 'run' || news.kind === 'left out') {
    const result = results.get(news.contest) as ContestResult;
    if (news.kind === 'run') result.add(news.contestant, news.run);
    else result.leaveOut(news.contestant, news.why);
    tables.get(news.contest)?.show(result);
    writeMarkdown();
  } else if (news.kind === 'end') {
    bar.value = 1;
    end(`done: medians of ${rounds} rounds`);
  } else fail(news.message);
}

function writeMarkdown(): void {
  const day = new Date().toISOString().slice(0, 10);
  const where = `${navigator.userAgent}, ${navigator.hardwareConcurrency} cores, ${day}`;
  markdown.value = markdownOf([...results.values()], where);
}

async function start(): Promise<void> {
  const contests = boxes.flatMap((box, i) => (box.checked ? [i] : []));
  byId('message').textContent = contests.length === 0 ? 'Choose a network or more.' : '';
  if (contests.length === 0) return;
  rounds = Number(roundsSelect.value);
  startButton.disabled = true;
  stopButton.disabled = false;
  results = new Map(contests.map((i) => [i, new ContestResult(CONTESTS[i])]));
  tables = new Map([...results].map(([i, result]) => [i, new BenchTable(result)]));
  byId('results').replaceChildren(...[...tables.values()].map((table) => table.element));
  byId('result').hidden = false;
  bar.value = 0;
  progress.textContent = 'fetches the digits';
  writeMarkdown();
  const started = new Worker(new URL('./bench-worker.ts', import.meta.url), { type: 'module' });
  worker = started;
  started.addEventListener('message', ({ data }: MessageEvent<BenchNews>) => take(data));
  started.addEventListener('error', ({ message }) => fail(message || 'the worker did not load'));
  try {
    const { training } = await fetchDigits(DIGITS);
    const order: BenchOrder = { digits: training, contests, rounds };
    started.postMessage(order);
  } catch (error) {
    if (worker === started) fail(String(error));
  }
}

/** The section about a contestant shows its source when it is opened. */
function startSources(): void {
  for (const [name, load] of Object.entries(SOURCES)) {
    const details = byId<HTMLDetailsElement>(name);
    const source = element('pre', { tabindex: 0, 'aria-label': 'Source' });
    details.append(source);
    details.addEventListener('toggle', async () => {
      if (!details.open || source.textContent) return;
      try {
        source.textContent = (await load()).default;
      } catch (error) {
        byId('message').textContent = String(error);
      }
    });
  }
  const open = () => {
    const details = document.getElementById(location.hash.slice(1));
    if (details instanceof HTMLDetailsElement) details.open = true;
  };
  addEventListener('hashchange', open);
  open();
}

startTheme();
startSources();
startButton.addEventListener('click', () => void start());
stopButton.addEventListener('click', () => end('stopped: medians of the rounds so far'));
makeCopyButton(byId<HTMLButtonElement>('copy'), () => markdown.value, 'Not allowed: copy the text below');
