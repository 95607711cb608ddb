// A strict reader of the SVG that the charts make: it throws if the text is not well-formed XML.

export interface SvgElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly SvgElement[];
  /** The text of the element itself. */
  readonly text: string;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

function decoded(text: string): string {
  return text.replace(/&([^;]*;?)/g, (_, entity: string) => {
    const character = ENTITIES[entity.slice(0, -1)];
    if (character === undefined) throw new Error(`got &${entity}, want an entity`);
    return character;
  });
}

/** The root element of an SVG text. */
export function parseSvg(svg: string): SvgElement {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML forbids them
  const forbidden = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]/.exec(svg);
  if (forbidden) throw new Error(`got the character ${JSON.stringify(forbidden[0])}`);
  const root = { name: '', attributes: {}, children: [] as SvgElement[], text: '' };
  const open = [root];
  const token = /<(\/?)([a-z]+)((?: [A-Za-z][A-Za-z0-9-]*="[^"<]*")*)(\/?)>|([^<]+)/gy;
  while (token.lastIndex < svg.length) {
    const place = token.lastIndex;
    const match = token.exec(svg);
    if (!match) throw new Error(`got ${JSON.stringify(svg.slice(place, place + 60))}, want XML`);
    const [, closes, name, list, isEmpty, text] = match;
    const parent = open[open.length - 1];
    if (text !== undefined) parent.text += decoded(text);
    else if (closes) {
      if (parent.name !== name) throw new Error(`got </${name}>, want </${parent.name}>`);
      open.pop();
    } else {
      const pairs = [...list.matchAll(/ ([^=]+)="([^"]*)"/g)].map(([, key, value]) => [key, decoded(value)]);
      const element = { name, attributes: Object.fromEntries(pairs), children: [], text: '' };
      parent.children.push(element);
      if (!isEmpty) open.push(element);
    }
  }
  if (open.length !== 1 || root.children.length !== 1) throw new Error('got more or less than one element');
  return root.children[0];
}

/** All elements of a name, in their order. */
export function elementsOf(root: SvgElement, name: string): SvgElement[] {
  return root.children.flatMap((child) => [...(child.name === name ? [child] : []), ...elementsOf(child, name)]);
}

/** The numbers of an attribute. */
export const numbersOf = (text: string): number[] => [...text.matchAll(/-?\d+(?:\.\d+)?(?:e-?\d+)?/g)].map(Number);

/** [x, y] of the points of a path of straight lines, one list for each piece. */
export function piecesOf(path: SvgElement): [number, number][][] {
  const pieces = path.attributes.d.split('M').slice(1);
  return pieces.map((piece) => {
    const numbers = numbersOf(piece);
    return Array.from({ length: numbers.length / 2 }, (_, i) => [numbers[2 * i], numbers[2 * i + 1]]);
  });
}

/**
 * A function that says which number a pixel stands for, learnt from the texts of the ticks. `axis`: `'x'` for the
 * numbers below the chart, `'y'` for those to its left.
 */
export function readAxis(root: SvgElement, axis: 'x' | 'y', isLog = false): (pixel: number) => number {
  const anchor = axis === 'x' ? 'middle' : 'end';
  const ticks = elementsOf(root, 'text')
    .filter(({ attributes, text }) => attributes['text-anchor'] === anchor && Number.isFinite(tickValue(text)))
    .map(({ attributes, text }) => ({
      value: tickValue(text),
      pixel: Number(attributes[axis]) - (axis === 'y' ? 4 : 0),
    }));
  if (ticks.length < 2) throw new Error(`got ${ticks.length} ticks`);
  const [low, high] = [ticks[0], ticks[ticks.length - 1]];
  const of = isLog ? Math.log : (value: number) => value;
  const back = isLog ? Math.exp : (value: number) => value;
  const numberAt = (pixel: number) =>
    back(of(low.value) + ((pixel - low.pixel) / (high.pixel - low.pixel)) * (of(high.value) - of(low.value)));
  for (const { value, pixel } of ticks) {
    const read = numberAt(pixel);
    const distance = Math.abs(of(read) - of(value));
    if (distance > 1e-3 * Math.abs(of(high.value) - of(low.value))) throw new Error(`got ${read} at the tick ${value}`);
  }
  return numberAt;
}

const tickValue = (text: string): number =>
  text === '' ? Number.NaN : Number(text.replaceAll(',', '').replace('−', '-'));
