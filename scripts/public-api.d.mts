import type { Snippet } from './snippets.mjs';

/** Something that a user of the package can name. */
export interface ApiItem {
  /** The name that a user imports. */
  readonly entry: string;
  /** With the names of what it belongs to: `Network.fit`. */
  readonly name: string;
  readonly kind: 'function' | 'class' | 'constructor' | 'method' | 'property' | 'interface' | 'type' | 'constant';
  /** The source file, from the root. */
  readonly file: string;
  /** Of the declaration, counted from 1. */
  readonly line: number;
  readonly summary: string;
  readonly tags: readonly { readonly name: string; readonly text: string }[];
  readonly parameters: ReadonlySet<string>;
  /** The type of the result. */
  readonly returns: string;
  readonly isOption: boolean;
}

export function entriesOf(root: URL): Map<string, string>;
export function readApi(root: URL, entries?: ReadonlyMap<string, string>, config?: string): ApiItem[];
export function examplesOf(items: readonly ApiItem[]): Snippet[];
