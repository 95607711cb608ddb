// Makes and finds elements. Text is always text: nothing in these pages is parsed as HTML.

type Child = Node | string;
type Attributes = Readonly<Record<string, string | number | boolean | undefined | ((event: never) => void)>>;

/** A new element. Functions are listeners, named by their events; true and false set and leave out an attribute. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(key, value as EventListener);
    else if (value === true) made.setAttribute(key, '');
    else if (value !== undefined && value !== false) made.setAttribute(key, String(value));
  }
  made.append(...children);
  return made;
}

/** The element of the page with this id. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element #${id}`);
  return found as T;
}

/** A choice among values; `change` gets the one that was chosen. */
export function select<T extends string>(
  options: readonly (readonly [value: T, label: string])[],
  value: T,
  change: (value: T) => void,
  attributes: Attributes = {},
): HTMLSelectElement {
  const made = element(
    'select',
    { ...attributes, change: () => change(made.value as T) },
    ...options.map(([option, label]) => element('option', { value: option, selected: option === value }, label)),
  );
  return made;
}

/** A label around its control. */
export const field = (label: string, control: HTMLElement): HTMLElement =>
  element('label', { class: 'field' }, label, control);

/** The table row with a cell for each text; the first cell is its heading. */
export function tableRow(heading: string, ...cells: string[]): HTMLTableRowElement {
  return element('tr', {}, element('th', { scope: 'row' }, heading), ...cells.map((text) => element('td', {}, text)));
}
