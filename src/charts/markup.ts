// Builds SVG as text, without a page. Every text and every attribute is escaped here and nowhere else, so that names of
// classes and columns may contain anything.

declare const isMarkup: unique symbol;

/** Text that is SVG and needs no more escaping. */
export type Markup = string & { readonly [isMarkup]: true };

/** Attributes of an element. undefined: the element does not have the attribute. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/**
 * Characters that a page does not show but acts on, or that XML forbids: control and format characters, such as marks
 * of text direction, halves of surrogate pairs, line ends of Unicode. The joiners U+200C and U+200D are not among them,
 * because words of some languages and emoji need them.
 */
const UNSEEN = /(?![\u200c\u200d])[\p{C}\p{Zl}\p{Zp}]/gu;

/** The text with its unseen characters written as escapes such as `\u{202e}`. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (c) => `\\u{${(c.codePointAt(0) as number).toString(16)}}`);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as SVG. */
export function text(content: string): Markup {
  return visible(content).replace(/[&<>"']/g, (c) => ENTITIES[c]) as Markup;
}

/** An element with its children. Numbers are rounded to 1/100, which nobody sees. */
export function element(name: string, attributes: Attributes, ...children: readonly Markup[]): Markup {
  const list = Object.entries(attributes).map(([key, value]) =>
    value === undefined ? '' : ` ${key}="${typeof value === 'number' ? rounded(value) : text(value)}"`,
  );
  const head = `<${name}${list.join('')}`;
  return (children.length === 0 ? `${head}/>` : `${head}>${children.join('')}</${name}>`) as Markup;
}

export function join(parts: readonly Markup[]): Markup {
  return parts.join('') as Markup;
}

const rounded = (value: number): number => Math.round(value * 100) / 100;
