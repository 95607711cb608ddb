// The search over the documentation and the API: what the index has, which the build makes, and how it is asked.

/** Options of the index. The build and the page must have the same. */
export const FIELDS = {
  fields: ['title', 'page', 'text'],
  storeFields: ['title', 'page', 'address'],
  searchOptions: { boost: { title: 4, page: 2 }, prefix: true, fuzzy: 0.15, combineWith: 'AND' as const },
};

/** A section of a page. */
export interface Hit {
  readonly title: string;
  /** The title of its page; empty for a page as a whole. */
  readonly page: string;
  /** From the root of the pages. */
  readonly address: string;
}

const MOST_HITS = 20;
const MOST_CHARACTERS = 200;

/** Answers questions with the best sections. */
export type Search = (question: string) => Hit[];

/** Fetches the index and the code that reads it. */
export async function loadSearch(address: URL): Promise<Search> {
  const [{ default: MiniSearch }, answer] = await Promise.all([import('minisearch'), fetch(address)]);
  if (!answer.ok) throw new Error(`the index of the search: got ${answer.status}`);
  const index = MiniSearch.loadJSON(await answer.text(), FIELDS);
  return (question) =>
    index
      .search(question.slice(0, MOST_CHARACTERS))
      .slice(0, MOST_HITS)
      .map(({ title, page, address }) => ({ title, page, address }));
}
