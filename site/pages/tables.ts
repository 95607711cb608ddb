import type { Table } from 'simdprop/tabular';
import { readTable, type Trained, targetsOf, trainOn } from '../model/table-training.js';
import { byId, element, tableRow } from '../view/element.js';
import { short, whole } from '../view/numbers.js';
import { startScrollBoxes } from '../view/scroll-box.js';
import { startTheme } from '../view/theme.js';

const PENGUINS = new URL('./penguins.csv', document.baseURI);
const MOST_BYTES = 20_000_000;

const drop = byId('drop');
const target = byId<HTMLSelectElement>('target');
const trainButton = byId<HTMLButtonElement>('train');
let table: Table | undefined;
let trained: Trained | undefined;

const say = (error: unknown) => {
  byId('message').textContent = error instanceof Error ? error.message : String(error);
};

async function take(text: string): Promise<void> {
  byId('message').textContent = '';
  try {
    const read = await readTable(text);
    const targets = targetsOf(read);
    if (targets.length === 0 || read.columns.length < 2) {
      throw new RangeError(
        'got no column to learn, want two columns or more, one of categories, yes or no, or numbers',
      );
    }
    table = read;
    const kinds = read.columns.map((name) => `${name} (${read.kinds[name]})`).join(', ');
    byId('about').textContent = `${whole(read.rows)} rows: ${kinds}.`;
    target.replaceChildren(...targets.map((name) => new Option(name, name)));
    byId('chosen').hidden = false;
    byId('results').hidden = true;
    byId('progress').textContent = '';
  } catch (error) {
    say(error);
  }
}

async function readFile(file: File | undefined): Promise<void> {
  if (!file) return;
  if (file.size > MOST_BYTES) say(`${file.name} has ${whole(file.size)} bytes, want at most ${whole(MOST_BYTES)}`);
  else await take(await file.text());
}

async function train(): Promise<void> {
  if (!table) return;
  trainButton.disabled = true;
  byId('message').textContent = '';
  const progress = byId('progress');
  const started = performance.now();
  try {
    const before = trained;
    trained = await trainOn(table, target.value, (epoch) => {
      progress.textContent = `epoch ${epoch}`;
    });
    before?.model.dispose();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    progress.textContent = `trained on ${whole(trained.trainingRows)} rows and measured in ${seconds} s`;
    show(trained);
  } catch (error) {
    progress.textContent = '';
    say(error);
  }
  trainButton.disabled = false;
}

function show({ model, evaluation, importance, predictions, testRows }: Trained): void {
  const numbers = Object.entries(evaluation).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number' && entry[0] !== 'samples',
  );
  byId('numbers').replaceChildren(
    tableRow('rows of the test', whole(testRows)),
    ...numbers.map(([name, value]) => tableRow(name, Number.isInteger(value) ? whole(value) : short(value))),
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
  const download = (label: string, name: string, make: () => Promise<BlobPart>) =>
    element('button', { type: 'button', click: () => void save(name, make).catch(say) }, label);
  byId('downloads').replaceChildren(
    'Download: ',
    download('The model', 'model.simdprop', async () => new Uint8Array(await model.save())),
    download('ONNX', 'network.onnx', async () => {
      const { writeOnnx } = await import('simdprop/onnx');
      return writeOnnx(model.network);
    }),
    download('JavaScript module', 'network.js', async () => {
      const { writeJavaScript } = await import('simdprop/export');
      return writeJavaScript(model.network);
    }),
    download('C header', 'network.h', async () => {
      const { writeC } = await import('simdprop/export');
      return writeC(model.network);
    }),
  );
  byId('results').hidden = false;
  // what the downloads need must be there without the network too
  void Promise.allSettled([model.save(), import('simdprop/onnx'), import('simdprop/export')]);
}

async function save(name: string, make: () => Promise<BlobPart>): Promise<void> {
  const url = URL.createObjectURL(new Blob([await make()]));
  element('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

startTheme();
startScrollBoxes();
for (const name of ['dragenter', 'dragover']) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
}
drop.addEventListener('dragleave', () => drop.classList.remove('over'));
drop.addEventListener('drop', (event) => {
  event.preventDefault();
  drop.classList.remove('over');
  void readFile(event.dataTransfer?.files[0]);
});
const file = byId<HTMLInputElement>('file');
file.addEventListener('change', () => void readFile(file.files?.[0]));
byId('penguins').addEventListener('click', async () => {
  try {
    await take(await (await fetch(PENGUINS)).text());
  } catch (error) {
    say(error);
  }
});
trainButton.addEventListener('click', () => void train());
