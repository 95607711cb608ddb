import { byId } from './element.js';
import type { Rgb } from './line-raster.js';

// The switch between light and dark, and the colours of the theme for canvases.

const dark = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();
const colours = new Map<string, string>();
let scale: Uint32Array | undefined;

function isDark(): boolean {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === 'dark' : dark.matches;
}

/** Calls `change` whenever the theme has changed. */
export function onTheme(change: () => void): void {
  listeners.add(change);
}

function changed(): void {
  const button = byId('theme');
  button.textContent = isDark() ? 'Light' : 'Dark';
  button.setAttribute('aria-label', isDark() ? 'Use the light theme' : 'Use the dark theme');
  colours.clear();
  scale = undefined;
  for (const listener of listeners) listener();
}

/** Makes the button of the header work. */
export function startTheme(): void {
  byId('theme').addEventListener('click', () => {
    const theme = isDark() ? 'light' : 'dark';
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem('theme', theme);
    } catch {
      // the choice then lasts until the page is left
    }
    changed();
  });
  dark.addEventListener('change', changed);
  changed();
}

/** A colour of the style sheet, such as `--ink`, as the browser computes it: rgb(...). */
export function colour(name: `--${string}`): string {
  const known = colours.get(name);
  if (known) return known;
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  colours.set(name, value);
  return value;
}

/** Red, green and blue of a colour of the style sheet, 0 to 255. */
export function rgb(name: `--${string}`): Rgb {
  const [r, g, b] = (colour(name).match(/[\d.]+/g) ?? []).map(Number);
  return [r, g, b];
}

/** Steps of the colour scale. */
export const SHADES = 256;

/**
 * The colours of numbers from -1 (orange) to 1 (blue) as pixels [SHADES]. Bytes are red, green, blue, alpha in memory.
 */
export function colourScale(): Uint32Array {
  if (scale) return scale;
  const [negative, middle, positive] = [rgb('--negative'), rgb('--middle'), rgb('--positive')];
  const pixels = new Uint8ClampedArray(4 * SHADES);
  for (let i = 0; i < SHADES; i++) {
    const value = (2 * i) / (SHADES - 1) - 1;
    const end = value < 0 ? negative : positive;
    const share = 0.85 * Math.abs(value);
    for (let c = 0; c < 3; c++) pixels[4 * i + c] = middle[c] + share * (end[c] - middle[c]);
    pixels[4 * i + 3] = 255;
  }
  scale = new Uint32Array(pixels.buffer);
  return scale;
}

/** The index in the colour scale of a number from -1 to 1; others count as the nearest end. */
export function shadeOf(value: number): number {
  const index = ((value + 1) * SHADES) / 2;
  return index < 0 ? 0 : index >= SHADES ? SHADES - 1 : index | 0;
}
