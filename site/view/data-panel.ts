import { DATASETS, type DatasetName, makePoints } from '../model/datasets.js';
import { readOwnData } from '../model/own-data.js';
import { linkedPoint, MOST_LINKED_POINTS } from '../model/playground-link.js';
import { LIMITS, type PlaygroundState } from '../model/playground-state.js';
import { element, field } from './element.js';
import type { Change } from './lab.js';
import { drawPoints } from './scatter.js';
import { onTheme } from './theme.js';

// The choice of the data: the six sets, noise, split, and the visitor's own points.

const THUMBNAIL = 56;
const MOST_BYTES = 1_000_000;
const EXAMPLE = 'x1,x2,class\n1,2,yes\n2,1.5,yes\n-1,-2,no\n-2,0.5,no';

export class DataPanel {
  readonly #change: Change;
  readonly #sets: [DatasetName, HTMLButtonElement, HTMLCanvasElement][];
  readonly #noise = slider('Noise', LIMITS.noise.least, LIMITS.noise.most, 5);
  readonly #split = slider('Points to train on', LIMITS.split.least, LIMITS.split.most, 10);
  readonly #seed = element('input', { type: 'number', min: 0, max: LIMITS.seed.most, step: 1 });
  readonly #text = element('textarea', { spellcheck: 'false', placeholder: EXAMPLE });
  readonly #note = element('p', { class: 'quiet', 'aria-live': 'polite' });
  /** The pen: the class of the points that clicks in the plane draw, or none. */
  pen: -1 | 0 | 1 = 0;

  constructor(parent: HTMLElement, change: Change) {
    this.#change = change;
    this.#sets = Object.entries(DATASETS).map(([name, { name: label }]) => {
      const canvas = element('canvas', { width: THUMBNAIL, height: THUMBNAIL });
      const click = () => void change({ data: name as DatasetName });
      const button = element('button', { type: 'button', 'aria-label': label, title: label, click }, canvas);
      return [name as DatasetName, button, canvas];
    });
    this.#noise.input.addEventListener('change', () => void change({ noise: this.#noise.input.valueAsNumber }));
    this.#split.input.addEventListener('change', () => void change({ split: this.#split.input.valueAsNumber }));
    this.#seed.addEventListener('change', () => {
      const seed = this.#seed.valueAsNumber;
      if (Number.isInteger(seed) && seed >= 0 && seed <= LIMITS.seed.most) void change({ seed });
    });
    parent.append(
      element('h2', {}, 'Data'),
      element('div', { class: 'sets', role: 'group', 'aria-label': 'Data sets' }, ...this.#sets.map(([, b]) => b)),
      this.#noise.element,
      this.#split.element,
      field('Seed', this.#seed),
      this.#ownData(),
    );
    onTheme(() => this.#drawThumbnails());
    this.#drawThumbnails();
  }

  #drawThumbnails(): void {
    for (const [name, , canvas] of this.#sets) {
      const context = canvas.getContext('2d') as CanvasRenderingContext2D;
      context.clearRect(0, 0, THUMBNAIL, THUMBNAIL);
      const points = makePoints(name, 0, 1).filter((_, i) => i % 3 === 0);
      drawPoints(context, points, THUMBNAIL, { radius: 1.6 });
    }
  }

  #ownData(): HTMLElement {
    const file = element('input', { type: 'file', accept: '.csv,.tsv,.txt,text/csv', 'aria-label': 'A CSV file' });
    file.addEventListener('change', () => void this.#readFile(file.files?.[0]));
    const drop = element('div', { class: 'drop' }, 'Drop a CSV file here, or choose one: ', file);
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
      void this.#readFile(event.dataTransfer?.files[0]);
    });
    const use = element('button', { type: 'button', click: () => void this.#use(this.#text.value) }, 'Use these rows');
    const pens = ([-1, 1, 0] as const).map((pen) => {
      const name = { '-1': 'Orange', '1': 'Blue', '0': 'Off' }[pen];
      const button = element('button', { type: 'button', 'aria-pressed': String(pen === 0) }, name);
      button.addEventListener('click', () => {
        this.pen = pen;
        for (const other of pens) other.setAttribute('aria-pressed', String(other === button));
      });
      return button;
    });
    return element(
      'details',
      {},
      element('summary', {}, 'Your own data'),
      element('p', {}, 'Draw points in the plane:'),
      element('div', { class: 'row', role: 'group', 'aria-label': 'Pen' }, ...pens),
      drop,
      field('Or paste rows of x₁, x₂ and a class or number', this.#text),
      element('div', { class: 'row' }, use),
      this.#note,
    );
  }

  async #readFile(file: File | undefined): Promise<void> {
    if (!file) return;
    if (file.size > MOST_BYTES) this.#say(`${file.size} bytes are too many: the file may have ${MOST_BYTES}.`, true);
    else await this.#use(await file.text());
  }

  async #use(text: string): Promise<void> {
    try {
      const { points, task, note } = await readOwnData(text);
      await this.#change({ data: 'own', own: points, ownTask: task });
      const rest = points.length > MOST_LINKED_POINTS ? ' The link of this page does not contain them.' : '';
      this.#say(`${note}.${rest}`, false);
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error), true);
    }
  }

  #say(text: string, isBad: boolean): void {
    this.#note.textContent = text;
    this.#note.className = isBad ? 'bad' : 'quiet';
  }

  /** Shows the settings. */
  show({ data, noise, split, seed }: PlaygroundState): void {
    for (const [name, button] of this.#sets) button.setAttribute('aria-pressed', String(name === data));
    this.#noise.set(noise);
    this.#noise.input.disabled = data === 'own';
    this.#split.set(split);
    this.#seed.value = String(seed);
  }

  /** Adds a point if the pen is down. Returns whether it is. */
  draw(x1: number, x2: number): boolean {
    const { pen } = this;
    if (pen === 0) return false;
    void this.#change(({ data, own }) => {
      const before = data === 'own' ? own : [];
      if (before.length >= LIMITS.points.most) return {};
      return { data: 'own', ownTask: 'classes', own: [...before, linkedPoint({ x1, x2, y: pen })] };
    });
    return true;
  }
}

/** A slider with its value in percent beside its name. */
function slider(label: string, min: number, max: number, step: number) {
  const input = element('input', { type: 'range', min, max, step });
  const shown = element('span', {}, label);
  const show = () => {
    shown.textContent = `${label}: ${input.value} %`;
  };
  input.addEventListener('input', show);
  return {
    input,
    element: element('label', { class: 'field' }, shown, input),
    set: (value: number) => {
      input.value = String(value);
      show();
    },
  };
}
