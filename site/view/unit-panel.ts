import { FEATURES } from '../model/features.js';
import { element, tableRow } from './element.js';
import type { Lab, Panel } from './lab.js';
import { weightName } from './network-view.js';
import { short, subscript, superscript } from './numbers.js';
import { scrollBox } from './scroll-box.js';

/** The largest number of weights that are listed. */
const MOST_WEIGHTS = 32;

/** What the chosen sample leaves in the chosen unit: z, a, delta, every gradient. Weights and biases can be edited. */
export class UnitPanel implements Panel {
  readonly #lab: Lab;
  readonly #title = element('h2', {}, 'Unit');
  readonly #bias = element('input', {
    type: 'number',
    step: 'any',
    'aria-label': 'b',
    input: () => this.#setBias(),
  });
  readonly #biasRow = element('tr', {}, element('th', { scope: 'row' }, 'b'), element('td', {}, this.#bias));
  readonly #values = element('tbody', {}, this.#biasRow);
  readonly #weights = element('tbody');
  readonly #note = element('p', { class: 'quiet' });
  readonly element: HTMLElement;
  /** The unit for which the rows of weights were made. */
  #shown = '';

  constructor(lab: Lab) {
    this.#lab = lab;
    const head = (...names: string[]) =>
      element('thead', {}, element('tr', {}, ...names.map((name) => element('th', { scope: 'col' }, name))));
    this.element = element(
      'div',
      {},
      this.#title,
      element(
        'div',
        { class: 'halves' },
        scrollBox('Numbers of the unit', element('table', { class: 'numbers' }, head('unit', 'value'), this.#values)),
        scrollBox(
          'Numbers of the unit',
          element('table', { class: 'numbers' }, head('from', 'weight', 'its a', '∂C/∂w = δ a'), this.#weights),
        ),
      ),
      this.#note,
    );
  }

  update(): void {
    const { session, chosen, point, state } = this.#lab;
    const { layer, unit } = chosen;
    const { fanIn, activation } = session.net.layers[layer];
    const isOutput = layer === session.net.layers.length - 1;
    this.#title.textContent = `${isOutput ? 'Output' : `Layer ${layer + 2}, unit ${unit + 1}`}, ${activation}`;
    const values = session.look(point);
    const { z, a, delta, weightGradients, biasGradients } = values[layer];
    const name = `${superscript(layer + 2)}${subscript(unit + 1)}`;
    const bias = session.net.layers[layer].getBiases()[unit];
    this.#biasRow.cells[0].textContent = `b${name}`;
    this.#bias.setAttribute('aria-label', `b${name}`);
    if (this.#bias !== document.activeElement) this.#bias.value = String(Number(bias.toPrecision(4)));
    // the first row stays, so that its input keeps the focus
    for (const row of [...this.#values.rows].slice(1)) row.remove();
    this.#values.append(
      tableRow(`z${name}`, short(z[unit])),
      tableRow(`a${name}`, short(a[unit])),
      tableRow(`δ${name} = ∂C/∂z${name}`, short(delta[unit])),
      tableRow(`∂C/∂b${name}`, short(biasGradients[unit])),
    );
    const sources = state.features.map((feature) => FEATURES[feature].label);
    const count = Math.min(fanIn, MOST_WEIGHTS);
    const shown = `${layer}/${unit}/${session.state.seed}/${count}/${sources}`;
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#weights.replaceChildren(
        ...Array.from({ length: count }, (_, k) =>
          this.#weightRow(k, layer === 0 ? sources[k] : `unit ${subscript(k + 1)}`),
        ),
      );
    }
    const weights = session.net.layers[layer].getWeights(unit);
    const x = layer === 0 ? session.inputsOf(point) : values[layer - 1].a;
    [...this.#weights.rows].forEach((row, k) => {
      const input = row.querySelector('input') as HTMLInputElement;
      if (input !== document.activeElement) input.value = String(Number(weights[k].toPrecision(4)));
      row.cells[2].textContent = short(x[k]);
      row.cells[3].textContent = short(weightGradients[unit * fanIn + k]);
    });
    const rest = fanIn > count ? ` The first ${count} of ${fanIn} weights are listed.` : '';
    this.#note.textContent = `For the sample with the ring: click another in the plane, or another unit.${rest}`;
  }

  #setBias(): void {
    const { chosen, session } = this.#lab;
    if (!Number.isFinite(this.#bias.valueAsNumber)) return;
    session.setBias(chosen.layer, chosen.unit, this.#bias.valueAsNumber);
    this.#lab.redraw();
  }

  #weightRow(k: number, source: string): HTMLTableRowElement {
    const input = element('input', { type: 'number', step: 'any' });
    input.addEventListener('input', () => {
      const { layer, unit } = this.#lab.chosen;
      if (!Number.isFinite(input.valueAsNumber)) return;
      this.#lab.session.setWeight(layer, unit, k, input.valueAsNumber);
      this.#lab.redraw();
    });
    const { layer, unit } = this.#lab.chosen;
    input.setAttribute('aria-label', weightName({ layer, unit, input: k }));
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, source),
      element('td', {}, input),
      element('td'),
      element('td'),
    );
  }
}
