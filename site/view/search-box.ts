import { type Hit, loadSearch, type Search } from '../model/search.js';
import { byId, element } from './element.js';

// The search of the documentation. The index is loaded when the field is used for the first time.

/** Shows what is found below the field `#search`. The key / goes to the field, and arrows go along the hits. */
export function startSearchBox(): void {
  const field = byId<HTMLInputElement>('search');
  const list = byId('hits');
  const status = byId('found');
  const root = new URL(field.dataset.root ?? './', document.baseURI);
  let loading: Promise<Search> | undefined;

  const load = () => {
    loading ??= loadSearch(new URL('search.json', root));
    return loading;
  };
  const show = async () => {
    const question = field.value.trim();
    try {
      const hits = question === '' ? [] : (await load())(question);
      // another letter may have been typed meanwhile
      if (question !== field.value.trim()) return;
      list.replaceChildren(...hits.map((hit) => hitElement(hit, root)));
      status.textContent = question === '' ? '' : hits.length === 0 ? 'Nothing found' : `${hits.length} found`;
    } catch (error) {
      loading = undefined;
      status.textContent = `The search did not load: ${(error as Error).message}`;
    }
  };
  field.addEventListener('focus', () => void load().catch(() => {}), { once: true });
  field.addEventListener('input', () => void show());
  field.closest('search')?.addEventListener('keydown', (event) => {
    const stops = [field, ...list.querySelectorAll('a')];
    const place = stops.indexOf(document.activeElement as HTMLAnchorElement);
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key === 'Escape') {
      field.value = '';
      field.focus();
      void show();
    } else if (event.key in steps && stops.length > 1) {
      event.preventDefault();
      stops[(place + steps[event.key] + stops.length) % stops.length].focus();
    }
  });
  field.form?.addEventListener('submit', (event) => {
    event.preventDefault();
    list.querySelector('a')?.click();
  });
  document.addEventListener('keydown', (event) => {
    const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test((event.target as Element).tagName);
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.focus();
  });
  if (field.value !== '') void show();
}

const hitElement = ({ title, page, address }: Hit, root: URL) =>
  element(
    'li',
    {},
    element('a', { href: new URL(address, root).href }, title),
    ...(page === '' ? [] : [' ', element('span', { class: 'quiet' }, page)]),
  );
