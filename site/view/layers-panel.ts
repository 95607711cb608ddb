import { FEATURE_NAMES, FEATURES, type FeatureName } from '../model/features.js';
import { ACTIVATIONS, type HiddenLayer, LIMITS, type PlaygroundState } from '../model/playground-state.js';
import { element, select } from './element.js';
import type { Change } from './lab.js';
import { numberInput } from './number-input.js';

// The choice of features and hidden layers.

const NEW_LAYER: HiddenLayer = { units: 4, activation: 'tanh', dropout: 0 };

export class LayersPanel {
  readonly #change: Change;
  readonly #chips = element('div', { class: 'chips', role: 'group', 'aria-label': 'Features' });
  readonly #layers = element('div', { class: 'layers' });
  #shown = '';

  constructor(parent: HTMLElement, change: Change) {
    this.#change = change;
    parent.append(this.#chips, this.#layers);
  }

  show(state: PlaygroundState): void {
    const shown = JSON.stringify([state.features, state.layers]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const label = this.#focused();
    this.#chips.replaceChildren(...FEATURE_NAMES.map((name) => this.#chip(state, name)));
    const { layers } = state;
    const add = element(
      'button',
      {
        type: 'button',
        disabled: layers.length >= LIMITS.layers.most,
        click: () => void this.#change((now) => ({ layers: [...now.layers, now.layers.at(-1) ?? NEW_LAYER] })),
      },
      'Add a layer',
    );
    this.#layers.replaceChildren(...layers.map((_, l) => this.#layer(layers, l)), add);
    if (label) this.#focus(label);
  }

  /** The name of the control that has the focus, which would be lost with it. */
  #focused(): string | undefined {
    const { activeElement } = document;
    const isHere = this.#chips.contains(activeElement) || this.#layers.contains(activeElement);
    return isHere ? (activeElement?.getAttribute('aria-label') ?? undefined) : undefined;
  }

  #focus(label: string): void {
    for (const control of [...this.#chips.children, ...this.#layers.querySelectorAll('button, select, input')]) {
      if (control.getAttribute('aria-label') === label) (control as HTMLElement).focus();
    }
  }

  #chip({ features }: PlaygroundState, name: FeatureName): HTMLElement {
    const isOn = features.includes(name);
    return element(
      'button',
      {
        type: 'button',
        'aria-pressed': String(isOn),
        'aria-label': `feature ${FEATURES[name].label}`,
        // a network needs an input
        disabled: isOn && features.length === 1,
        click: () => void this.#change((now) => ({ features: toggled(now.features, name) })),
      },
      FEATURES[name].label,
    );
  }

  #layer(layers: readonly HiddenLayer[], l: number): HTMLElement {
    const name = `layer ${l + 2}`;
    const { units, activation, dropout } = layers[l];
    const set = (changes: Partial<HiddenLayer>) =>
      void this.#change((now) => ({
        layers: now.layers.map((layer, i) => (i === l ? { ...layer, ...changes } : layer)),
      }));
    const count = numberInput({
      ...LIMITS.units,
      step: 1,
      value: units,
      label: `units of ${name}`,
      change: (value) => set({ units: value }),
    });
    const step = (text: string, by: number) =>
      element(
        'button',
        {
          type: 'button',
          'aria-label': `${by > 0 ? 'one unit more' : 'one unit less'} in ${name}`,
          disabled: units + by < LIMITS.units.least || units + by > LIMITS.units.most,
          click: () => set({ units: units + by }),
        },
        text,
      );
    const drop = numberInput({
      ...LIMITS.dropout,
      step: 0.05,
      value: dropout,
      label: `dropout of ${name}`,
      change: (value) => set({ dropout: value }),
    });
    const remove = () => void this.#change((now) => ({ layers: now.layers.filter((_, i) => i !== l) }));
    return element(
      'fieldset',
      { class: 'layer', 'aria-label': name },
      element(
        'legend',
        {},
        `Layer ${l + 2}`,
        element('button', { type: 'button', class: 'remove', 'aria-label': `remove ${name}`, click: remove }, '✕'),
      ),
      element('div', { class: 'row' }, step('−', -1), count, step('+', 1)),
      select(
        ACTIVATIONS.map((option) => [option, option] as const),
        activation,
        (value) => set({ activation: value }),
        { 'aria-label': `activation of ${name}` },
      ),
      element(
        'div',
        { class: 'row' },
        element('span', { class: 'quiet', title: 'The share of activations that is left out of each step' }, 'dropout'),
        drop,
      ),
    );
  }
}

/** The features with one more or one fewer; the last one stays. */
function toggled(features: readonly FeatureName[], name: FeatureName): readonly FeatureName[] {
  const next = FEATURE_NAMES.filter((other) => (other === name) !== features.includes(other));
  return next.length > 0 ? next : features;
}
