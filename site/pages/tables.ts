import { messageOf } from '../model/message.js';
import {
  FORMATS,
  type Format,
  type Measured,
  type TableFacts,
  type TableNews,
  type TableOrder,
} from '../model/table-training.js';
import { byId, element, tableRow } from '../view/element.js';
import { takeFiles } from '../view/file-input.js';
import { short, whole } from '../view/numbers.js';
import { startScrollBoxes } from '../view/scroll-box.js';
import { startTheme } from '../view/theme.js';

const PENGUINS = new URL('./penguins.csv', document.baseURI);
const MOST_BYTES = 20_000_000;
/** The number of columns that are listed. */
const LISTED = 40;

const target = byId<HTMLSelectElement>('target');
const trainButton = byId<HTMLButtonElement>('train');
const stopButton = byId<HTMLButtonElement>('stop');
const progress = byId('progress');

const worker = new Worker(new URL('./tables-worker.ts', import.meta.url), { type: 'module' });
const ask = (order: TableOrder) => worker.postMessage(order);

function say(error: unknown): void {
  byId('message').textContent = messageOf(error);
}

function showTraining(isTraining: boolean): void {
  byId('epoch').textContent = '';
  trainButton.disabled = isTraining;
  stopButton.disabled = !isTraining;
}

async function read(text: string): Promise<void> {
  byId('message').textContent = '';
  byId('reading').textContent = 'reads the file';
  ask({ kind: 'read', text });
}

function showTable({ rows, columns, targets }: TableFacts): void {
  const listed = columns.slice(0, LISTED).map(({ name, kind }) => `${name} (${kind})`);
  const rest = columns.length > LISTED ? `, and ${columns.length - LISTED} more` : '';
  byId('about').textContent = `${whole(rows)} rows: ${listed.join(', ')}${rest}.`;
  target.replaceChildren(...targets.map((name) => new Option(name, name)));
  byId('chosen').hidden = false;
  byId('results').hidden = true;
  progress.textContent = '';
  showTraining(false);
}

function take(news: TableNews): void {
  byId('reading').textContent = '';
  if (news.kind === 'table') showTable(news.facts);
  else if (news.kind === 'epoch') byId('epoch').textContent = `epoch ${news.epoch}`;
  else if (news.kind === 'measures') progress.textContent = 'measures the model';
  else if (news.kind === 'trained') {
    const { measured, seconds } = news;
    progress.textContent = `trained on ${whole(measured.trainingRows)} rows and measured in ${seconds.toFixed(1)} s`;
    showTraining(false);
    show(measured);
  } else if (news.kind === 'file') save(FORMATS[news.format].file, news.content);
  else {
    progress.textContent = '';
    showTraining(false);
    say(news.message);
  }
}

function show({ metrics, importance, predictions, testRows }: Measured): void {
  byId('numbers').replaceChildren(
    tableRow('rows of the test', whole(testRows)),
    ...metrics.map(([name, value]) => tableRow(name, Number.isInteger(value) ? whole(value) : short(value))),
  );
  const most = Math.max(1e-9, ...importance.map((entry) => entry.importance));
  byId('columns').replaceChildren(
    ...importance.map((entry) => {
      const row = tableRow(entry.column, short(entry.importance));
      const label = `importance of ${entry.column}`;
      const meter = element('meter', { min: 0, max: most, value: Math.max(0, entry.importance), 'aria-label': label });
      row.append(element('td', {}, meter));
      return row;
    }),
  );
  byId('rows').replaceChildren(
    ...predictions.map(({ is, predicted, probability }, i) =>
      tableRow(String(i + 1), is, predicted, probability === undefined ? '' : `${(100 * probability).toFixed(1)} %`),
    ),
  );
  byId('results').hidden = false;
}

function save(name: string, content: BlobPart): void {
  const url = URL.createObjectURL(new Blob([content]));
  element('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

startTheme();
startScrollBoxes();
worker.addEventListener('message', ({ data }: MessageEvent<TableNews>) => take(data));
worker.addEventListener('error', ({ message }) => say(message || 'the worker did not load'));
takeFiles({
  area: byId('drop'),
  input: byId<HTMLInputElement>('file'),
  mostBytes: MOST_BYTES,
  take: read,
  refuse: say,
});
byId('downloads').append(
  ...Object.entries(FORMATS).map(([format, { label }]) =>
    element('button', { type: 'button', click: () => ask({ kind: 'write', format: format as Format }) }, label),
  ),
);
byId('penguins').addEventListener('click', async () => {
  try {
    const answer = await fetch(PENGUINS);
    if (!answer.ok) throw new Error(`${PENGUINS.pathname}: got status ${answer.status}, want the penguins`);
    await read(await answer.text());
  } catch (error) {
    say(error);
  }
});
trainButton.addEventListener('click', () => {
  byId('message').textContent = '';
  progress.textContent = '';
  showTraining(true);
  ask({ kind: 'train', target: target.value });
});
stopButton.addEventListener('click', () => ask({ kind: 'stop' }));
