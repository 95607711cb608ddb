import { messageOf } from '../model/message.js';
import { element, tableRow } from './element.js';
import type { Lab, Panel } from './lab.js';
import { weightName } from './network-view.js';
import { short, whole } from './numbers.js';
import { scrollBox } from './scroll-box.js';

const ROWS = 16;
/** Networks with more parameters are checked only when the button is pressed. */
const MOST_LIVE = 200;
const LIVE_MS = 1000;

/** Compares the gradients of the core with two computations in double precision, while the network trains. */
export class CheckPanel implements Panel {
  readonly #lab: Lab;
  readonly #rows = element('tbody');
  readonly #verdict = element('p');
  readonly element: HTMLElement;
  #last = Number.NEGATIVE_INFINITY;

  constructor(lab: Lab) {
    this.#lab = lab;
    this.element = element(
      'div',
      {},
      element('h2', {}, 'Are the gradients right?'),
      element(
        'p',
        {},
        `A training step on ${ROWS} samples is taken and undone. Its gradients are compared with the chain rule in ` +
          'double precision, and that with central differences. Networks with few weights are checked every second.',
      ),
      element('button', { type: 'button', click: () => this.#check() }, 'Check now'),
      this.#verdict,
      scrollBox('Result of the check', element('table', { class: 'numbers' }, this.#rows)),
    );
  }

  update(): void {
    const isSmall = this.#lab.session.net.parameters <= MOST_LIVE;
    if (isSmall && performance.now() - this.#last >= LIVE_MS) this.#check();
  }

  #check(): void {
    const { net, inspector, data, training } = this.#lab.session;
    const rows = Math.min(ROWS, training.length);
    const [x, y] = [data.inputs.slice(0, rows * net.inputs), data.targets.slice(0, rows)];
    const differences = Math.max(2, Math.min(20, Math.round(2000 / net.parameters)));
    try {
      const result = inspector.checkGradients(x, y, { differences });
      const { error, referenceError, worst, parameters, moved } = result;
      const isRight = error <= 1e-3 && referenceError <= 1e-7;
      this.#verdict.className = isRight ? 'good' : 'bad';
      this.#verdict.textContent = isRight ? 'They are right.' : 'They are off.';
      const { layer, unit, input } = worst;
      const at = input === undefined ? `bias ${unit + 1} of layer ${layer + 2}` : weightName({ layer, unit, input });
      this.#rows.replaceChildren(
        tableRow('largest error of the core (up to 1e−3 is right)', short(error)),
        tableRow('largest error of the chain rule in doubles (up to 1e−7)', short(referenceError)),
        tableRow('gradients compared; of them by differences', `${whole(parameters)}; ${whole(moved)}`),
        tableRow(`the worst: ${at}, by the core`, worst.gradient.toPrecision(9)),
        tableRow('by the chain rule in doubles', worst.exact.toPrecision(9)),
        tableRow('by central differences', worst.difference.toPrecision(9)),
      );
    } catch (error) {
      this.#verdict.className = 'bad';
      this.#verdict.textContent = messageOf(error);
    }
    this.#last = performance.now();
  }
}
