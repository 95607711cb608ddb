import { OPTIMIZER_NAMES, OPTIMIZERS, type OptimizerName } from '../model/optimizers.js';
import { LIMITS } from '../model/playground-state.js';
import { RACE_EPOCHS, Race } from '../model/race.js';
import { Curves } from './curves.js';
import { element } from './element.js';
import { FrameLoop } from './frames.js';
import type { Lab, Panel } from './lab.js';
import { numberInput } from './number-input.js';
import { short } from './numbers.js';
import { scrollBox } from './scroll-box.js';

/** A colour for each; dashes tell apart those whose colours are alike. */
const hueOf = (i: number) => `hsl(${(i * 360) / OPTIMIZER_NAMES.length} 70% 50%)`;

/** A race of twelve optimizers with the same seed, that is, the same initial weights, data and order of the samples. */
export class RacePanel implements Panel {
  readonly #lab: Lab;
  readonly #curves = new Curves(
    OPTIMIZER_NAMES.map((_, i) => ({ stroke: () => hueOf(i), dash: i % 2 === 0 ? undefined : [6, 3] })),
    380,
  );
  readonly #start = element('button', { type: 'button', class: 'main', click: () => this.#run() }, 'Start the race');
  readonly #rows: HTMLTableRowElement[];
  readonly #rates: HTMLInputElement[];
  /** Without a race, there is nothing to see in it. */
  readonly #figure = element(
    'figure',
    { hidden: true },
    this.#curves.element,
    element('figcaption', { class: 'quiet' }, 'cost over the epochs'),
  );
  readonly #loop: FrameLoop;
  readonly element: HTMLElement;
  #race: Race | undefined;

  constructor(lab: Lab) {
    this.#lab = lab;
    this.#loop = new FrameLoop(
      () => this.#round(),
      (error) => this.#lab.fail(error),
    );
    void this.#curves.load().catch((error) => this.#lab.fail(error));
    this.#rates = OPTIMIZER_NAMES.map((name) =>
      numberInput({
        ...LIMITS.rate,
        value: OPTIMIZERS[name].rate,
        label: `learning rate of ${name}`,
      }),
    );
    this.#rows = OPTIMIZER_NAMES.map((name, i) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, this.#curves.swatches[i], name),
        element('td', {}, this.#rates[i]),
        element('td'),
        element('td'),
      ),
    );
    const head = ['optimizer', 'learning rate', 'last cost', 'state'];
    this.element = element(
      'div',
      {},
      element('h2', {}, 'Twelve optimizers, one seed'),
      element(
        'p',
        {},
        `Each trains a network of its own for ${RACE_EPOCHS} epochs, from the same weights, on the same points in the ` +
          'same order. irprop and lbfgs take one step an epoch, on all points.',
      ),
      element('div', { class: 'row' }, this.#start),
      element(
        'div',
        { class: 'race' },
        scrollBox(
          'The optimizers',
          element(
            'table',
            { class: 'numbers' },
            element('thead', {}, element('tr', {}, ...head.map((text) => element('th', { scope: 'col' }, text)))),
            element('tbody', {}, ...this.#rows),
          ),
        ),
        this.#figure,
      ),
    );
  }

  update(): void {}

  #ratesNow(): Record<OptimizerName, number> {
    const rates = OPTIMIZER_NAMES.map((name, i) => [name, this.#rates[i].valueAsNumber]);
    return Object.fromEntries(rates) as Record<OptimizerName, number>;
  }

  async #run(): Promise<void> {
    this.#lab.pause();
    this.#loop.stop();
    this.#start.disabled = true;
    try {
      await this.#race?.dispose();
      this.#race = await Race.create(this.#lab.state, this.#ratesNow());
      this.#figure.hidden = false;
      this.#loop.start();
    } catch (error) {
      this.#lab.fail(error);
    }
    this.#start.disabled = false;
    this.#start.textContent = 'Start it again';
  }

  async #round(): Promise<void> {
    const race = this.#race as Race;
    await race.round();
    const longest = Math.max(...race.runners.map(({ costs }) => costs.length));
    const epochs = Array.from({ length: longest }, (_, i) => i + 1);
    this.#curves.set([epochs, ...race.runners.map(({ costs }) => epochs.map((_, i) => costs[i] || null))]);
    race.runners.forEach(({ costs, end }, i) => {
      this.#rows[i].cells[2].textContent = costs.length > 0 ? short(costs[costs.length - 1]) : '';
      this.#rows[i].cells[3].textContent = end ?? `epoch ${costs.length}`;
    });
    if (race.isOver) this.#loop.stop();
  }
}
