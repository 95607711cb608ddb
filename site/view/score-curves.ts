import { Curves } from './curves.js';
import { colour } from './theme.js';

/** Smaller costs are drawn as this one, because a logarithmic scale has no 0. */
const LEAST = 1e-12;
/** If there are more points than this, which is one for each pixel, every second one is left out. */
const MOST = 600;

/** The costs of training and test over the epochs. */
export class ScoreCurves {
  readonly #curves = new Curves(
    'epoch',
    [
      { name: 'training cost', stroke: () => colour('--ink') },
      { name: 'test cost', stroke: () => colour('--accent'), dash: [5, 3] },
    ],
    170,
  );
  #epochs: number[] = [];
  #training: number[] = [];
  #test: (number | null)[] = [];

  get element(): HTMLElement {
    return this.#curves.element;
  }

  load(): Promise<void> {
    return this.#curves.load();
  }

  add(epoch: number, training: number, test: number | undefined): void {
    if (epoch <= (this.#epochs.at(-1) ?? -1)) return;
    this.#epochs.push(epoch);
    this.#training.push(Math.max(LEAST, training));
    this.#test.push(test === undefined ? null : Math.max(LEAST, test));
    if (this.#epochs.length > MOST) {
      const isKept = (_: unknown, i: number) => i % 2 === 0;
      this.#epochs = this.#epochs.filter(isKept);
      this.#training = this.#training.filter(isKept);
      this.#test = this.#test.filter(isKept);
    }
  }

  clear(): void {
    this.#epochs = [];
    this.#training = [];
    this.#test = [];
    this.draw();
  }

  draw(): void {
    this.#curves.set([this.#epochs, this.#training, this.#test]);
  }
}
