import { OPTIMIZERS, STEPWISE_OPTIMIZERS } from '../model/optimizers.js';
import { COSTS, type Cost, costOf, LIMITS, type PlaygroundState, taskOf } from '../model/playground-state.js';
import { makeCopyButton } from './copy.js';
import { element, field, select } from './element.js';
import { numberInput } from './number-input.js';

// The row of controls above the network.

/** How much is trained before each picture. */
export const PACES = [
  ['step', 'one step a frame'],
  ['ten', 'ten steps a frame'],
  ['full', 'as fast as it can'],
] as const;
export type Pace = (typeof PACES)[number][0];

export interface ControlsOptions {
  toggle(): void;
  step(): void;
  reset(): void;
  /** Settings that a running network takes without beginning again. */
  adjust(changes: Partial<PlaygroundState>): void;
  /** Settings that need a new network. */
  change(changes: Partial<PlaygroundState>): Promise<void>;
  view(changes: { isDiscrete?: boolean; showsTest?: boolean; pace?: Pace }): void;
}

export class Controls {
  readonly #play: HTMLButtonElement;
  readonly #readout = element('output', { class: 'readout', 'aria-live': 'off' });
  readonly #optimizer: HTMLSelectElement;
  readonly #numbers: ['rate' | 'batch' | 'l1' | 'l2', HTMLInputElement][];
  readonly #cost: HTMLSelectElement;

  constructor(parent: HTMLElement, options: ControlsOptions) {
    this.#play = element('button', { type: 'button', class: 'main', click: options.toggle }, 'Play');
    const copy = element('button', { type: 'button' }, 'Copy link');
    makeCopyButton(copy, () => location.href, 'Not allowed: copy the address');
    this.#optimizer = select(
      STEPWISE_OPTIMIZERS.map((name) => [name, name] as const),
      'adam',
      (optimizer) => options.adjust({ optimizer, rate: OPTIMIZERS[optimizer].rate }),
    );
    this.#cost = select<Cost>([], 'quadratic', (cost) => void options.change({ cost }));
    const names = { rate: 'Learning rate', batch: 'Batch', l1: 'L1', l2: 'L2' } as const;
    this.#numbers = (['rate', 'batch', 'l1', 'l2'] as const).map((name) => {
      const step = name === 'batch' ? 1 : undefined;
      return [name, numberInput({ ...LIMITS[name], step, change: (value) => options.adjust({ [name]: value }) })];
    });
    const check = (label: string, change: (isOn: boolean) => void) => {
      const input = element('input', { type: 'checkbox' });
      input.addEventListener('change', () => change(input.checked));
      return element('label', { class: 'row' }, input, label);
    };
    parent.append(
      element(
        'div',
        { class: 'row' },
        this.#play,
        element('button', { type: 'button', click: options.step }, 'Step'),
        element('button', { type: 'button', click: options.reset }, 'Reset'),
        copy,
      ),
      this.#readout,
      field(
        'Pace',
        select(PACES, 'full', (pace) => options.view({ pace })),
      ),
      field('Optimizer', this.#optimizer),
      ...this.#numbers.map(([name, input]) => field(names[name], input)),
      field('Cost', this.#cost),
      check('Two colours only', (isDiscrete) => options.view({ isDiscrete })),
      check('Show the test points', (showsTest) => options.view({ showsTest })),
    );
  }

  /** Shows the settings. */
  show(state: PlaygroundState): void {
    this.#optimizer.value = state.optimizer;
    for (const [name, input] of this.#numbers) if (input !== document.activeElement) input.value = String(state[name]);
    const task = taskOf(state);
    const costs = (Object.keys(COSTS) as Cost[]).filter((cost) => COSTS[cost][task]);
    this.#cost.replaceChildren(...costs.map((cost) => new Option(COSTS[cost].name, cost)));
    this.#cost.value = costOf(state);
  }

  showPlaying(isPlaying: boolean): void {
    this.#play.textContent = isPlaying ? 'Pause' : 'Play';
  }

  read(text: string): void {
    this.#readout.textContent = text;
  }
}
