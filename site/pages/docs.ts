import { byId } from '../view/element.js';
import { startSearchBox } from '../view/search-box.js';
import { startTheme } from '../view/theme.js';

startTheme();
startSearchBox();

// on wide pages, the list of all pages stands beside the text
const wide = matchMedia('(min-width: 60rem)');
const list = byId<HTMLDetailsElement>('all');
const fit = () => {
  list.open = wide.matches;
};
wide.addEventListener('change', fit);
fit();
list.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
