import { checkName } from '../check/errors.js';
import { type Attributes, element, type Markup } from './markup.js';

// The colours of the charts. Each shape has its colour three times: as an attribute, for programs that know no CSS and
// for pages whose policy forbids style elements; as a rule, which also changes with the colour scheme of the reader;
// and as a custom property, which a page can set.

/** `auto`: light or dark as the reader's system prefers. */
export type ChartTheme = 'auto' | 'light' | 'dark';

const THEMES: readonly ChartTheme[] = ['auto', 'light', 'dark'];

/** The names of the colours, without those of the curves. */
type Colour = 'paper' | 'ink' | 'soft' | 'grid' | 'right' | 'wrong' | 'on';
/** The name of a curve's colour. Curves are counted from 1. */
type CurveColour = `curve-${number}`;
type Palette = Readonly<Record<Colour, string>> & { readonly curves: readonly string[] };

const LIGHT: Palette = {
  paper: '#ffffff',
  ink: '#1f2328',
  soft: '#59636e',
  grid: '#d8dee4',
  right: '#1f6feb',
  wrong: '#c2410c',
  on: '#ffffff',
  curves: ['#1f6feb', '#c2410c', '#1a7f37', '#8250df', '#bf3989', '#0a7d8c', '#8a5d00', '#57606a'],
};

const DARK: Palette = {
  paper: '#0d1117',
  ink: '#e6edf3',
  soft: '#9ea7b3',
  grid: '#30363d',
  right: '#1f6feb',
  wrong: '#c2410c',
  on: '#ffffff',
  curves: ['#58a6ff', '#f0883e', '#3fb950', '#bc8cff', '#f778ba', '#39c5cf', '#d29922', '#a3adb8'],
};

/** The number of colours of curves. Further curves repeat them with dashes. */
const CURVES = LIGHT.curves.length;
const DASHES: readonly (string | undefined)[] = [undefined, '6 3', '2 3', '8 3 2 3'];

/** Paints shapes, and writes the rules for their colours. */
export class Theme {
  readonly #name: ChartTheme;
  readonly #palette: Palette;
  readonly #used = new Set<string>();

  constructor(name: unknown = 'auto') {
    this.#name = checkName('options.theme', name, THEMES);
    this.#palette = this.#name === 'dark' ? DARK : LIGHT;
  }

  /** The class of the whole picture. Its rules apply to no other picture of the page but those of the same theme. */
  get className(): string {
    return `simdprop-chart-${this.#name}`;
  }

  fill(colour: Colour | CurveColour): Attributes {
    return this.#paint('fill', colour);
  }

  stroke(colour: Colour | CurveColour): Attributes {
    return this.#paint('stroke', colour);
  }

  /** The line of curve `i`, counted from 0. */
  curve(i: number): Attributes {
    const line = { fill: 'none', 'stroke-width': 2, 'stroke-linejoin': 'round', 'stroke-linecap': 'round' };
    return { ...line, ...this.stroke(`curve-${i + 1}`), 'stroke-dasharray': DASHES[Math.floor(i / CURVES) % 4] };
  }

  #paint(property: 'fill' | 'stroke', colour: Colour | CurveColour): Attributes {
    const name = colour.startsWith('curve-') ? `curve-${((Number(colour.slice(6)) - 1) % CURVES) + 1}` : colour;
    this.#used.add(`${property} ${name}`);
    return { class: `simdprop-${property}-${name}`, [property]: colourIn(this.#palette, name) };
  }

  /** The rules for the colours that were used. It is called after everything has been painted. */
  style(): Markup {
    const names = [...new Set([...this.#used].map((use) => use.split(' ')[1]))];
    const variables = (palette: Palette) =>
      names.map((name) => `--${name}:var(--chart-${name},${colourIn(palette, name)})`).join(';');
    const dark = `@media(prefers-color-scheme:dark){.${this.className}{${variables(DARK)}}}`;
    const rules = [...this.#used].map((use) => {
      const [property, name] = use.split(' ');
      return `.${this.className} .simdprop-${property}-${name}{${property}:var(--${name})}`;
    });
    const all = [`.${this.className}{${variables(this.#palette)}}`, ...(this.#name === 'auto' ? [dark] : []), ...rules];
    // nothing in it comes from outside, so that nothing needs escaping
    return element('style', {}, all.join('') as Markup);
  }
}

function colourIn(palette: Palette, name: string): string {
  return name.startsWith('curve-') ? palette.curves[Number(name.slice(6)) - 1] : palette[name as Colour];
}
