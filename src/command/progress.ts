import cliProgress from 'cli-progress';
import type { EpochReport } from '../index.js';
import { columnsOf, fit, type Output } from './terminal.js';

// The bar that shows how far a training is. It is drawn on terminals only.

/** What the training reports while an epoch is in progress. */
interface Step {
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
}

const BAR = { least: 8, most: 30 };

/** Numbers in a line that changes have the same width. */
export const short = (value: number | undefined): string => (value === undefined ? '-' : value.toPrecision(4));

export class Progress {
  readonly #bar: cliProgress.SingleBar | undefined;
  readonly #isNarrow: boolean;
  #texts = '';
  #isStarted = false;

  constructor(output: Output, isWanted: boolean) {
    this.#isNarrow = columnsOf(output) < 60;
    if (!isWanted || !output.isTTY) return;
    const format = (_: unknown, { progress }: { progress: number }) => {
      const columns = columnsOf(output) - 1;
      const size = Math.max(BAR.least, Math.min(BAR.most, columns - this.#texts.length - 3));
      const full = Math.round(progress * size);
      return fit(`${'█'.repeat(full)}${'░'.repeat(size - full)}  ${this.#texts}`, columns);
    };
    const stream = output as unknown as NodeJS.WritableStream;
    this.#bar = new cliProgress.SingleBar({
      stream,
      format,
      gracefulExit: false,
      hideCursor: null,
      linewrap: null,
      clearOnComplete: true,
    });
  }

  step({ epoch, epochs, step, steps }: Step): void {
    this.#start(epochs);
    if (!this.#texts) this.#texts = this.#isNarrow ? `1/${epochs}` : `epoch 1 of at most ${epochs}`;
    this.#bar?.update(epoch + (steps > 0 ? step / steps : 0));
  }

  epoch({ epoch, epochs, cost, validation }: EpochReport): void {
    this.#start(epochs);
    const held = validation ? `, validation ${short(validation.cost)}` : '';
    this.#texts = this.#isNarrow
      ? `${epoch + 1}/${epochs} ${short(validation?.cost ?? cost)}`
      : `epoch ${epoch + 1} of at most ${epochs}: cost ${short(cost)}${held}`;
    this.#bar?.update(epoch + 1);
  }

  #start(epochs: number): void {
    if (!this.#isStarted) this.#bar?.start(epochs, 0);
    this.#isStarted = true;
  }

  end(): void {
    if (this.#isStarted) this.#bar?.stop();
  }
}
