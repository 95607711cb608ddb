import { checkInteger, checkObject, counted, orDefault, outOfRange, wrongType } from '../check/errors.js';
import { element, join, type Markup, text, visible } from './markup.js';
import { LINE_HEIGHT, TEXT_SIZE, wrap } from './text-width.js';
import { type ChartTheme, Theme } from './theme.js';

/** Options of all charts. */
export interface ChartOptions {
  /**
   * The title above the chart. An empty text leaves it out.
   * @defaultValue what the chart shows
   */
  title?: string | undefined;
  /**
   * Width in pixels, from 240 to 4000. Texts are 12 pixels high at every width. In a narrower page the picture shrinks
   * with its texts, so give about the width at which it is shown.
   * @defaultValue 420, or more for a confusion matrix that needs it
   */
  width?: number | undefined;
  /**
   * `'auto'`: light or dark as the reader's system prefers (`prefers-color-scheme`). A page can set every colour by a
   * custom property, such as `--chart-paper`.
   * @defaultValue `'auto'`
   */
  theme?: ChartTheme | undefined;
}

export const CHART_KEYS = ['title', 'width', 'theme'] as const satisfies readonly (keyof ChartOptions)[];

export const DEFAULT_WIDTH = 420;
const NARROWEST = 240;
const WIDEST = 4000;
/** The distance of everything from the edges. */
export const MARGIN = 12;
const TITLE_SIZE = 15;
const FONT = 'system-ui,-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif';

/** A picture that is drawn from the top to the bottom. */
export class Picture {
  readonly theme: Theme;
  readonly width: number;
  /** Where the next part begins. */
  y = MARGIN;
  readonly #title: string;
  readonly #parts: Markup[] = [];

  /** Checks the options. `keys`: all that the chart takes. `width`: the default one. */
  constructor(options: unknown, keys: readonly string[], title: string, width = DEFAULT_WIDTH) {
    checkObject('options', options, keys);
    const given = options as ChartOptions;
    this.theme = new Theme(given.theme);
    this.width = given.width === undefined ? width : checkInteger('options.width', given.width, NARROWEST, WIDEST);
    this.#title = orDefault(given.title, title);
    if (typeof this.#title !== 'string') throw wrongType('options.title', given.title, 'a text');
    const lines = this.#title === '' ? [] : wrap(visible(this.#title), this.inner, TITLE_SIZE * 1.1);
    for (const line of lines) {
      const attributes = { x: MARGIN, y: this.y + TITLE_SIZE, 'font-size': TITLE_SIZE, 'font-weight': 600 };
      this.add(element('text', { ...attributes, ...this.theme.fill('ink') }, text(line)));
      this.y += TITLE_SIZE + 5;
    }
  }

  /** The width between the margins. */
  get inner(): number {
    return this.width - 2 * MARGIN;
  }

  add(...parts: readonly Markup[]): void {
    this.#parts.push(...parts);
  }

  /** Adds lines of text below what has been drawn. */
  note(sentence: string): void {
    for (const line of wrap(visible(sentence), this.inner)) {
      this.add(element('text', { x: MARGIN, y: this.y + TEXT_SIZE, ...this.theme.fill('soft') }, text(line)));
      this.y += LINE_HEIGHT;
    }
  }

  /** The SVG. `description`: the text for readers who do not see the picture, which follows the title. */
  finish(description: string): string {
    const height = Math.ceil(this.y + MARGIN);
    const label = this.#title === '' ? description : `${this.#title}: ${description}`;
    const paper = element('rect', { width: this.width, height, ...this.theme.fill('paper') });
    const parts = join([this.theme.style(), paper, ...this.#parts]);
    const attributes = {
      xmlns: 'http://www.w3.org/2000/svg',
      class: this.theme.className,
      role: 'img',
      'aria-label': label,
      viewBox: `0 0 ${this.width} ${height}`,
      width: this.width,
      height,
      'font-family': FONT,
      'font-size': TEXT_SIZE,
      style: 'max-width:100%;height:auto',
    };
    return element('svg', attributes, parts);
  }
}

/** Checks the names of classes: `count` of them. undefined: they are their numbers. */
export function checkClasses(where: string, classes: unknown, count: number): string[] {
  if (classes === undefined) return Array.from({ length: count }, (_, i) => String(i));
  if (!Array.isArray(classes)) throw wrongType(where, classes, `an array of ${counted(count, 'name')}`);
  if (classes.length !== count)
    throw outOfRange(where, counted(classes.length, 'name'), `${count}, one for each class`);
  for (const [i, name] of classes.entries()) {
    if (typeof name !== 'string') throw wrongType(`${where}[${i}]`, name, 'a name');
  }
  return classes;
}
