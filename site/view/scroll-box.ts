import { element } from './element.js';

/** A box for what may be wider than the page. The keyboard reaches it, so that it can scroll it too. */
export const scrollBox = (label: string, content: HTMLElement): HTMLElement =>
  element('div', { class: 'scroll', role: 'group', 'aria-label': label, tabindex: 0 }, content);

/** Does the same for the boxes that stand in the page itself. */
export function startScrollBoxes(): void {
  for (const box of document.querySelectorAll<HTMLElement>('.scroll[data-label]')) {
    box.tabIndex = 0;
    box.setAttribute('role', 'group');
    box.setAttribute('aria-label', box.dataset.label ?? '');
  }
}
