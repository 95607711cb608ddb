// Without a page, texts cannot be measured. Widths are estimates, too large rather than too small, so that texts never
// overlap: the widths are those of DejaVu Sans, one of the widest fonts in use.

/** The size of all texts but the title, in pixels. */
export const TEXT_SIZE = 12;
/** The distance of two lines of text. */
export const LINE_HEIGHT = 16;

/** Widths of characters, as parts of the size of the text. The first pattern that fits counts. */
const WIDTHS: readonly (readonly [RegExp, number])[] = [
  [/\p{M}|[\u200c\u200d]/u, 0],
  [/[ .,:;'|!Iijl]/, 0.34],
  [/[mwMW@%]/, 1],
  [/[A-Z…]/, 0.79],
  [/[ -~]/, 0.65],
  [/[\u00a0-\u024f]/, 0.8],
  [/[\u0250-\uffff]/, 1.1],
];
/** Emoji and rare scripts. */
const WIDEST = 1.4;

const widthOfCharacter = (character: string): number =>
  WIDTHS.find(([pattern]) => pattern.test(character))?.[1] ?? WIDEST;

/** The width of a text in pixels, or a little more. */
export function widthOf(text: string, size = TEXT_SIZE): number {
  let width = 0;
  for (const character of text) width += widthOfCharacter(character);
  return width * size;
}

/**
 * The text, if it is at most `width` pixels wide; else as much of its beginning and end as fits, around a `…`. Names
 * often differ only at their ends.
 */
export function shorten(text: string, width: number, size = TEXT_SIZE): string {
  const characters = [...text.slice(0, 1000)];
  if (text.length <= 1000 && widthOf(text, size) <= width) return text;
  const tail = text.length <= 1000 ? characters : [...text.slice(-1000)];
  let [head, end] = ['', ''];
  for (let i = 0; i < characters.length; i++) {
    if (widthOf(`${head}${characters[i]}…${end}`, size) > width) break;
    head += characters[i];
    const last = tail[tail.length - 1 - i];
    if (widthOf(`${head}…${last}${end}`, size) > width) break;
    end = last + end;
  }
  return `${head}…${end}`;
}

/** Divides a text into lines of at most `width` pixels. A word that is wider is shortened. */
export function wrap(text: string, width: number, size = TEXT_SIZE): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (widthOf(longer, size) <= width) line = longer;
    else {
      if (line !== '') lines.push(line);
      line = shorten(word, width, size);
    }
  }
  return line === '' ? lines : [...lines, line];
}
