import { describe } from '../model/bench.js';
import { type ContestResult, cellsOf, HEAD } from '../model/bench-result.js';
import { CONTESTANTS } from '../model/contestants.js';
import { element, tableRow } from './element.js';
import { scrollBox } from './scroll-box.js';

/** A contest as a table that is written anew as its runs come in. Each library links to how it is used. */
export class BenchTable {
  readonly #body = element('tbody');
  readonly element: HTMLElement;

  constructor(result: ContestResult) {
    const head = element('tr', {}, ...HEAD.map((text) => element('th', { scope: 'col' }, text)));
    const { name } = result.contest;
    const table = element('table', { class: 'numbers', 'aria-label': name }, element('thead', {}, head), this.#body);
    this.element = element(
      'div',
      {},
      element('h3', {}, name),
      element('p', { class: 'quiet' }, `${describe(result.contest)}.`),
      scrollBox(name, table),
    );
    this.show(result);
  }

  show(result: ContestResult): void {
    this.#body.replaceChildren(
      ...result.lines().map((line) => {
        const row = tableRow('', ...cellsOf(line));
        const link = element('a', { href: `#${line.contestant}` }, CONTESTANTS[line.contestant].name);
        row.cells[0].replaceChildren(link);
        if (line.missing) {
          const why = element('td', { colspan: HEAD.length - 1, class: 'missing' }, `not measured: ${line.missing}`);
          row.replaceChildren(row.cells[0], why);
        }
        return row;
      }),
    );
  }
}
