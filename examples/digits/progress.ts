import type { EpochReport, ProgressReport } from 'simdprop';

/** The part of process.stdout that Progress uses. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  hasColors?(): boolean;
  write(text: string): unknown;
}

const GREEN = 32;
const DIM = 2;
const CLEAR_LINE = '\r\x1b[K';
/** A longer bar would not be easier to read. */
const WIDEST_BAR = 30;
/** The live line appears after this time, because the speed is too low before code is compiled. */
const WARM_UP_MS = 200;

/**
 * Shows how the training proceeds. A terminal gets a live line for the whole run and, for each epoch, a line that
 * stays. Other outputs get only the lines that stay. Colours follow Node's rules: NO_COLOR, FORCE_COLOR, TERM=dumb.
 */
export class Progress {
  readonly #screen: Screen;
  readonly #live: boolean;
  readonly #colors: boolean;
  readonly #samplesPerEpoch: number;
  readonly #startedMs = performance.now();
  #epochStartedMs = this.#startedMs;
  /** Time spent in training steps alone, in the epochs that are finished. */
  #trainedMs = 0;

  constructor(screen: Screen, samplesPerEpoch: number) {
    this.#screen = screen;
    this.#live = screen.isTTY === true && process.env.TERM !== 'dumb';
    this.#colors = this.#live && screen.hasColors?.() === true;
    this.#samplesPerEpoch = samplesPerEpoch;
  }

  /** Redraws the live line. */
  step(report: ProgressReport): void {
    const now = performance.now();
    if (!this.#live || now - this.#startedMs < WARM_UP_MS) {
      return;
    }
    const done = report.epoch * this.#samplesPerEpoch + report.samples;
    const total = report.epochs * this.#samplesPerEpoch;
    const rate = done / ((this.#trainedMs + now - this.#epochStartedMs) / 1000);
    // The time left includes the tests between the epochs, so it is estimated from all the time since the start.
    const secondsLeft = ((now - this.#startedMs) / 1000) * (total / done - 1);
    const texts = [
      `epoch ${ofTotal(report.epoch, report.epochs)}`,
      `cost ${formatCost(report.cost)}`,
      `${formatCount(rate)} samples/s`,
      `${formatClock(secondsLeft)} left`,
    ];
    // Some terminals would wrap a line that is as wide as they are.
    const room = (this.#screen.columns ?? 80) - 1;
    const line = texts.join('  ');
    const barWidth = Math.min(WIDEST_BAR, room - line.length - 2);
    const bar = barWidth >= 5 ? `${this.#bar(done / total, barWidth)}  ` : '';
    this.#screen.write(`${CLEAR_LINE}${bar}${line.slice(0, room)}`);
  }

  /** Writes the line that stays for the epoch. */
  epoch(report: EpochReport): void {
    this.#trainedMs += report.elapsedMs;
    const accuracy = report.validation?.accuracy;
    const texts = [
      `epoch ${ofTotal(report.epoch, report.epochs)}`,
      `cost ${formatCost(report.cost)}`,
      ...(accuracy === undefined ? [] : [`test ${this.#paint(GREEN, formatAccuracy(accuracy))}`]),
      formatSeconds(report.elapsedMs).padStart(7),
      ...(report.samplesPerSecond ? [this.#paint(DIM, `${formatCount(report.samplesPerSecond)} samples/s`)] : []),
    ];
    this.end();
    this.#screen.write(`${texts.join('  ')}\n`);
    this.#epochStartedMs = performance.now();
  }

  /** Clears the live line. */
  end(): void {
    if (this.#live) {
      this.#screen.write(CLEAR_LINE);
    }
  }

  #bar(fraction: number, width: number): string {
    const full = Math.floor(fraction * width);
    return this.#paint(GREEN, '█'.repeat(full)) + this.#paint(DIM, '░'.repeat(width - full));
  }

  #paint(style: number, text: string): string {
    return this.#colors ? `\x1b[${style}m${text}\x1b[0m` : text;
  }
}

export const formatCount = (count: number): string => Math.round(count).toLocaleString('en-US');

export const formatSeconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;

export const formatAccuracy = (accuracy: number): string => `${(100 * accuracy).toFixed(2)} %`;

const formatCost = (cost: number): string => (cost < 1000 ? cost.toFixed(4) : cost.toExponential(2));

/** The index counted from 1, padded so that all lines of a run are equally wide. */
const ofTotal = (index: number, total: number): string =>
  `${String(index + 1).padStart(String(total).length)}/${total}`;

function formatClock(seconds: number): string {
  const whole = Math.ceil(seconds);
  const minutes = Math.floor(whole / 60);
  const hours = Math.floor(minutes / 60);
  const pad = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${pad(minutes % 60)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}
