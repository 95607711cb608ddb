import { element } from './element.js';

export interface Tab {
  readonly name: string;
  readonly content: HTMLElement;
  /** Called when the tab is opened. */
  open?(): void;
}

/** Tabs as screen readers and keyboards expect them: arrows go from one to the next. */
export class Tabs {
  readonly element: HTMLElement;
  readonly #tabs: readonly Tab[];
  readonly #buttons: HTMLButtonElement[];
  readonly #panels: HTMLElement[];
  current = 0;

  constructor(label: string, tabs: readonly Tab[]) {
    this.#tabs = tabs;
    const id = (kind: string, i: number) => `${kind}-${label.replaceAll(/\W/g, '')}-${i}`;
    this.#buttons = tabs.map(({ name }, i) =>
      element(
        'button',
        {
          type: 'button',
          role: 'tab',
          id: id('tab', i),
          'aria-controls': id('panel', i),
          click: () => this.open(i),
          keydown: (event: KeyboardEvent) => this.#move(event, i),
        },
        name,
      ),
    );
    this.#panels = tabs.map(({ content }, i) =>
      element(
        'div',
        { role: 'tabpanel', id: id('panel', i), 'aria-labelledby': id('tab', i), class: 'panel' },
        content,
      ),
    );
    const list = element('div', { role: 'tablist', 'aria-label': label, class: 'row tabs' }, ...this.#buttons);
    this.element = element('div', {}, list, ...this.#panels);
    this.#show(0);
  }

  open(i: number): void {
    this.#show(i);
    this.#tabs[i].open?.();
  }

  #show(i: number): void {
    this.current = i;
    this.#buttons.forEach((button, j) => {
      button.setAttribute('aria-selected', String(i === j));
      button.tabIndex = i === j ? 0 : -1;
      this.#panels[j].hidden = i !== j;
    });
  }

  #move({ key }: KeyboardEvent, i: number): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (!step) return;
    const next = (i + step + this.#buttons.length) % this.#buttons.length;
    this.open(next);
    this.#buttons[next].focus();
  }
}
