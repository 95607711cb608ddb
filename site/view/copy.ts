import { byId } from './element.js';

const SHOWN_MS = 1500;

/**
 * Makes a button copy a text, and say for a moment that it did. `refused` is said where the page is not allowed to, as
 * over http from another machine.
 */
export function makeCopyButton(button: HTMLButtonElement, textOf: () => string, refused = 'Not allowed'): void {
  const name = button.textContent;
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(textOf());
      button.textContent = 'Copied';
    } catch {
      button.textContent = refused;
    }
    setTimeout(() => {
      button.textContent = name;
    }, SHOWN_MS);
  });
}

/** Makes buttons with `data-copy="id"` copy the text of that element. */
export function startCopyButtons(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-copy]')) {
    const source = byId(button.dataset.copy ?? '');
    button.setAttribute('aria-label', `Copy: ${source.textContent}`);
    makeCopyButton(button, () => source.textContent ?? '');
  }
}
