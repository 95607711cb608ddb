import { fingerprintOf } from '../model/fingerprint.js';
import { messageOf } from '../model/message.js';
import { type Fingerprint, writeLink } from '../model/playground-link.js';
import { DEFAULT_STATE } from '../model/playground-state.js';
import { makeCopyButton } from './copy.js';
import { element } from './element.js';
import type { Lab, Panel } from './lab.js';

const EPOCHS = 50;

/** The weights of the first network of this page after 50 epochs. The test of the pages trains it in two browsers. */
export const PUBLISHED: Fingerprint = { epochs: EPOCHS, hash: 'b7f6d949207364c0' };

/** Trains the network anew and hashes its weights. A link that contains the hash can be opened on another machine. */
export class BitsPanel implements Panel {
  readonly #lab: Lab;
  readonly #result = element('p', { 'aria-live': 'polite' });
  readonly #copy = element('button', { type: 'button', hidden: true }, 'Copy the link');
  readonly element: HTMLElement;
  #link = '';

  constructor(lab: Lab) {
    this.#lab = lab;
    makeCopyButton(this.#copy, () => new URL(this.#link, location.href).href, 'Not allowed to copy');
    this.element = element(
      'div',
      {},
      element('h2', {}, 'The same bits here as there'),
      element(
        'p',
        {},
        `A new network with these settings trains for ${EPOCHS} epochs, and all its weights are hashed. The hash is the ` +
          'same in every browser, on every processor. Send the link: the page there trains too and compares.',
      ),
      element(
        'div',
        { class: 'row' },
        element('button', { type: 'button', class: 'main', click: () => this.compute() }, 'Train and hash'),
        this.#copy,
      ),
      this.#result,
    );
  }

  update(): void {}

  /** Trains and shows the hash. `wanted`: the hash of a link, with which it is compared. */
  async compute(wanted?: Fingerprint): Promise<void> {
    this.#lab.pause();
    const { state } = this.#lab;
    this.#say(`trains ${wanted?.epochs ?? EPOCHS} epochs ...`, '');
    try {
      const found = await fingerprintOf(state, wanted?.epochs ?? EPOCHS);
      this.#link = writeLink(state, found);
      this.#copy.hidden = false;
      const isFirst = writeLink(state) === writeLink(DEFAULT_STATE) && found.epochs === PUBLISHED.epochs;
      const expected = wanted ?? (isFirst ? PUBLISHED : undefined);
      const source = wanted ? 'the link' : 'the published one';
      if (!expected) this.#say(`${found.hash} after ${found.epochs} epochs`, '');
      else if (expected.hash === found.hash) this.#say(`${found.hash}: the same bits here as in ${source}`, 'good');
      else this.#say(`${found.hash}: other bits than in ${source}, which has ${expected.hash}`, 'bad');
    } catch (error) {
      this.#say(messageOf(error), 'bad');
    }
  }

  #say(text: string, kind: string): void {
    this.#result.textContent = text;
    this.#result.className = kind;
  }
}
