import { byId } from './element.js';

/** Makes buttons with `data-copy="id"` copy the text of that element. */
export function startCopyButtons(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-copy]')) {
    const source = byId(button.dataset.copy ?? '');
    button.setAttribute('aria-label', `Copy: ${source.textContent}`);
    button.addEventListener('click', async () => {
      button.textContent = (await copyText(source.textContent ?? '')) ? 'Copied' : 'Not allowed';
      setTimeout(() => {
        button.textContent = 'Copy';
      }, 1500);
    });
  }
}

/** Copies a text. Returns false where the page is not allowed to, as over http from another machine. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
