// Every function, class, method, type and property that the package exports has a docstring, which becomes the API
// reference of the pages. Prints what is missing and fails.
import { pathToFileURL } from 'node:url';
import { readApi } from './public-api.mjs';

const CALLABLE = ['function', 'method', 'constructor'];

/** What the docstring of an item of `readApi` lacks. */
export function lacksOf({ name, kind, summary, tags, parameters, returns, isOption }) {
  const textsOf = (wanted) => tags.filter((tag) => tag.name === wanted).map(({ text }) => text.trim());
  const has = (wanted) => textsOf(wanted).some((text) => text !== '');
  const lacks = [];
  if (summary.trim() === '') lacks.push('a summary');
  if (CALLABLE.includes(kind)) {
    const described = new Map(textsOf('param').map((text) => /^(\S+)\s*(.*)$/s.exec(text).slice(1)));
    for (const parameter of parameters) if (!described.get(parameter)) lacks.push(`@param ${parameter}`);
    for (const parameter of described.keys()) {
      if (!parameters.has(parameter)) lacks.push(`a parameter ${parameter}, which its @param describes`);
    }
    if (kind !== 'constructor' && !/^(void|Promise<void>)$/.test(returns) && !has('returns')) lacks.push('@returns');
    // every argument is checked, but for those of errors
    if (kind !== 'constructor' && parameters.size > 0 && !has('throws')) lacks.push('@throws');
  }
  if (CALLABLE.includes(kind) && /\b(Throws|Rejects with) an? /.test(summary)) lacks.push('its errors in @throws');
  if (isOption && !has('defaultValue')) lacks.push('@defaultValue');
  if (isOption && /\bDefault\b/.test(summary)) lacks.push('its default in @defaultValue');
  const examples = textsOf('example').length;
  if (['function', 'class'].includes(kind) && examples !== 1) lacks.push(`one @example (it has ${examples})`);
  return lacks.map((lack) => `${name} lacks ${lack}`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const items = readApi(new URL('../', import.meta.url));
  const lacks = items.flatMap((item) => lacksOf(item).map((lack) => `${item.file}:${item.line}: ${lack}`));
  for (const lack of lacks) console.error(lack);
  if (lacks.length > 0) process.exit(1);
}
