import { DATASETS, type DatasetName, makePoints } from '../model/datasets.js';
import { messageOf } from '../model/message.js';
import { readOwnData } from '../model/own-data.js';
import { linkedPoint, MOST_LINKED_POINTS } from '../model/playground-link.js';
import { DEFAULT_STATE, LIMITS, type PlaygroundState } from '../model/playground-state.js';
import { element, field } from './element.js';
import { takeFiles } from './file-input.js';
import type { Change } from './lab.js';
import { numberInput } from './number-input.js';
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
  readonly #seed: HTMLInputElement;
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
    this.#seed = numberInput({ ...LIMITS.seed, step: 1, change: (seed) => void change({ seed }) });
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
    const drop = element('div', { class: 'drop' }, 'Drop a CSV file on the page, or choose one: ', file);
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
    const remove = element(
      'button',
      { type: 'button', click: () => void this.#change(withoutLast) },
      'Remove the last',
    );
    const details = element(
      'details',
      {},
      element('summary', {}, 'Your own data'),
      element('p', {}, 'Draw points in the plane:'),
      element('div', { class: 'row pens', role: 'group', 'aria-label': 'Pen' }, ...pens, remove),
      drop,
      field('Or paste rows of x₁, x₂ and a class or number', this.#text),
      element('div', { class: 'row' }, use),
      this.#note,
    );
    takeFiles({
      area: drop,
      input: file,
      mostBytes: MOST_BYTES,
      take: (text) => {
        details.open = true;
        return this.#use(text);
      },
      refuse: (why) => {
        details.open = true;
        this.#say(why, true);
      },
    });
    return details;
  }

  async #use(text: string): Promise<void> {
    try {
      const { points, task, note } = await readOwnData(text);
      await this.#change({ data: 'own', own: points, ownTask: task });
      const rest = points.length > MOST_LINKED_POINTS ? ' The link of this page does not contain them.' : '';
      this.#say(`${note}.${rest}`, false);
    } catch (error) {
      this.#say(messageOf(error), true);
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

/** The visitor's own points without the one that was drawn last. Without any, the page shows the usual data again. */
function withoutLast({ data, own }: PlaygroundState): Partial<PlaygroundState> {
  if (data !== 'own') return {};
  return own.length > 1 ? { own: own.slice(0, -1) } : { data: DEFAULT_STATE.data, own: [] };
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
