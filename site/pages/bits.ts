import { type BitsNews, COUNT, PUBLISHED } from '../model/bits.js';
import { fetchDigits } from '../model/digits.js';
import { byId, tableRow } from '../view/element.js';
import { startScrollBoxes } from '../view/scroll-box.js';
import { startTheme } from '../view/theme.js';

const DIGITS = new URL('./digits.gz', document.baseURI);
const SHOWN = 16;

const button = byId<HTMLButtonElement>('train');
const verdict = byId('verdict');
const rows = new Map(
  Object.entries(PUBLISHED).map(([name, hash]) => [name, tableRow(name, hash.slice(0, SHOWN), '')] as const),
);

function show(hashes: Readonly<Record<string, string>>, seconds: number): void {
  let same = 0;
  for (const [name, row] of rows) {
    const isSame = hashes[name] === PUBLISHED[name];
    if (isSame) same++;
    row.cells[2].textContent = `${(hashes[name] ?? 'none').slice(0, SHOWN)} ${isSame ? '✓ the same' : '✗ other bits'}`;
    row.cells[2].className = isSame ? 'good' : 'bad';
  }
  verdict.className = same === COUNT ? 'verdict good' : 'verdict bad';
  verdict.textContent = `${same} of ${COUNT} have the published bits, after ${seconds.toFixed(1)} s of training.`;
}

function end(worker: Worker): void {
  worker.terminate();
  button.disabled = false;
}

async function train(): Promise<void> {
  const message = byId('message');
  message.textContent = '';
  if (!globalThis.crypto?.subtle) {
    message.textContent = 'SHA-256 is there only on pages of this machine and over https: open the page there.';
    return;
  }
  button.disabled = true;
  verdict.className = 'verdict';
  verdict.textContent = 'Trains ...';
  const worker = new Worker(new URL('./bits-worker.ts', import.meta.url), { type: 'module' });
  const fail = (text: string) => {
    message.textContent = text;
    verdict.textContent = '';
    end(worker);
  };
  worker.addEventListener('message', ({ data }: MessageEvent<BitsNews>) => {
    if (data.kind === 'progress') byId<HTMLProgressElement>('bar').value = data.done / COUNT;
    else if (data.kind === 'error') fail(data.message);
    else {
      byId<HTMLProgressElement>('bar').value = 1;
      show(data.hashes, data.seconds);
      end(worker);
    }
  });
  worker.addEventListener('error', ({ message: text }) => fail(text || 'the worker did not load'));
  try {
    worker.postMessage(await fetchDigits(DIGITS));
  } catch (error) {
    fail(String(error));
  }
}

startTheme();
startScrollBoxes();
byId('rows').append(...rows.values());
button.addEventListener('click', () => void train());
