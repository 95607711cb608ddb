import type { Fingerprint } from '../model/playground-link.js';
import { BitsPanel } from './bits-panel.js';
import { CheckPanel } from './check-panel.js';
import { DemonPanel } from './demon-panel.js';
import type { Lab, Panel } from './lab.js';
import { PathsPanel } from './paths-panel.js';
import { RacePanel } from './race-panel.js';
import { StepsPanel } from './steps-panel.js';
import { Tabs } from './tabs.js';
import { UnitPanel } from './unit-panel.js';

/** The panels below the network, of which one is open. The page loads them after its first picture. */
export class Inside {
  readonly #tabs: Tabs;
  readonly #panels: readonly (readonly [string, Panel])[];
  readonly #bits: BitsPanel;

  constructor(lab: Lab, parent: HTMLElement) {
    this.#bits = new BitsPanel(lab);
    this.#panels = [
      ['Unit', new UnitPanel(lab)],
      ['Step by step', new StepsPanel(lab)],
      ['Optimizers', new RacePanel(lab)],
      ['Demon', new DemonPanel(lab)],
      ['Gradient check', new CheckPanel(lab)],
      ['Paths', new PathsPanel(lab)],
      ['Same bits', this.#bits],
    ];
    this.#tabs = new Tabs(
      'Inside the network',
      this.#panels.map(([name, panel]) => ({ name, content: panel.element, open: () => panel.update() })),
    );
    parent.append(this.#tabs.element);
  }

  /** Shows the present numbers in the panel that is open. */
  update(): void {
    this.#panels[this.#tabs.current][1].update();
  }

  /** Opens the panel of hashes, trains, and compares with the hash of a link. */
  async compare(fingerprint: Fingerprint): Promise<void> {
    this.#tabs.open(this.#panels.findIndex(([, panel]) => panel === this.#bits));
    await this.#bits.compute(fingerprint);
  }
}
