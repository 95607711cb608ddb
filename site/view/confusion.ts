import { CLASSES } from '../model/digits.js';
import { element } from './element.js';

/**
 * Writes a confusion matrix into a table. `open` is called with the class and the prediction of the cell that is
 * chosen.
 */
export function showConfusion(
  table: HTMLTableElement,
  confusion: readonly Uint32Array[],
  open: (is: number, read: number) => void,
): void {
  const digits = Array.from({ length: CLASSES }, (_, k) => k);
  const head = element(
    'tr',
    {},
    element('th', { scope: 'col' }, 'is, read as'),
    ...digits.map((k) => element('th', { scope: 'col' }, String(k))),
  );
  const cell = (is: number, read: number) => {
    const count = confusion[is][read];
    if (is === read) return element('td', { class: 'right' }, String(count));
    if (count === 0) return element('td', { class: 'none' }, '·');
    const label = `${count} of ${is} read as ${read}: show them`;
    return element(
      'td',
      {},
      element('button', { type: 'button', 'aria-label': label, click: () => open(is, read) }, String(count)),
    );
  };
  table.replaceChildren(
    element('thead', {}, head),
    element(
      'tbody',
      {},
      ...digits.map((is) =>
        element('tr', {}, element('th', { scope: 'row' }, String(is)), ...digits.map((read) => cell(is, read))),
      ),
    ),
  );
}
