import { element, text, visible } from './markup.js';
import { MARGIN, type Picture } from './picture.js';
import { LINE_HEIGHT, shorten, TEXT_SIZE, widthOf } from './text-width.js';

/** The length of the piece of line before a name. */
const SAMPLE = 18;
const GAP = 14;

export interface Curve {
  /** Shortened if it has no room. */
  readonly name: string;
  /** What stands behind the name and is never shortened. */
  readonly suffix?: string;
}

/** Draws the names of curves beside pieces of their lines, in as many rows as they need. */
export function drawLegend(picture: Picture, curves: readonly Curve[]): void {
  const { theme } = picture;
  let x = MARGIN;
  for (const [i, { name, suffix = '' }] of curves.entries()) {
    const room = picture.inner - SAMPLE - 6 - widthOf(suffix);
    const label = shorten(visible(name), room) + suffix;
    const width = SAMPLE + 6 + widthOf(label);
    if (x > MARGIN && x + width > MARGIN + picture.inner) {
      x = MARGIN;
      picture.y += LINE_HEIGHT;
    }
    const middle = picture.y + TEXT_SIZE / 2 + 1;
    picture.add(
      element('line', { x1: x, x2: x + SAMPLE, y1: middle, y2: middle, ...theme.curve(i) }),
      element('text', { x: x + SAMPLE + 6, y: picture.y + TEXT_SIZE, ...theme.fill('ink') }, text(label)),
    );
    x += width + GAP;
  }
  picture.y += LINE_HEIGHT + 4;
}
