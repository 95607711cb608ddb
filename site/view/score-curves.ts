import { Curves } from './curves.js';
import { element } from './element.js';
import { short, whole } from './numbers.js';
import { colour } from './theme.js';

/** Smaller costs are drawn as this one, because a logarithmic scale has no 0. */
const LEAST = 1e-12;
/** If there are more points than this, which is one for each pixel, every second one is left out. */
const MOST = 600;

/** The costs of training and test over the epochs. The legend has those of the last epoch, or of the one pointed at. */
export class ScoreCurves {
  readonly #curves = new Curves(
    [{ stroke: () => colour('--ink') }, { stroke: () => colour('--accent'), dash: [5, 3] }],
    170,
  );
  readonly #epoch = element('span', { class: 'number' });
  readonly #costs = [element('span', { class: 'number' }), element('span', { class: 'number' })];
  readonly element: HTMLElement;
  #epochs: number[] = [];
  #training: number[] = [];
  #test: (number | null)[] = [];
  #pointed: number | undefined;

  constructor() {
    const [training, test] = this.#curves.swatches;
    const item = (name: string, swatch: HTMLElement, cost: HTMLElement) => element('li', {}, swatch, name, cost);
    this.element = element(
      'div',
      {},
      this.#curves.element,
      element(
        'ul',
        { class: 'legend' },
        element('li', {}, 'epoch', this.#epoch),
        item('training cost', training, this.#costs[0]),
        item('test cost', test, this.#costs[1]),
      ),
    );
    this.#curves.pointed = (index) => {
      this.#pointed = index;
      this.#writeLegend();
    };
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
    this.#writeLegend();
  }

  #writeLegend(): void {
    const at = Math.min(this.#pointed ?? this.#epochs.length, this.#epochs.length - 1);
    const text = (value: number | null | undefined) => (value == null ? '' : short(value));
    this.#epoch.textContent = at < 0 ? '' : whole(this.#epochs[at]);
    this.#costs[0].textContent = text(this.#training[at]);
    this.#costs[1].textContent = text(this.#test[at]);
  }
}
