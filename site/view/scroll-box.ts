import { element } from './element.js';

/** A box for contents that may be wider than the page. It can have the focus, so that keys can scroll it. */
export const scrollBox = (label: string, content: HTMLElement): HTMLElement =>
  element('div', { class: 'scroll', role: 'group', 'aria-label': label, tabindex: 0 }, content);

/** Does the same for boxes that are in the HTML of the page. */
export function startScrollBoxes(): void {
  for (const box of document.querySelectorAll<HTMLElement>('.scroll[data-label]')) {
    box.tabIndex = 0;
    box.setAttribute('role', 'group');
    box.setAttribute('aria-label', box.dataset.label ?? '');
  }
}
