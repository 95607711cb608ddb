export interface Snippet {
  readonly page: string;
  /** Of the snippet's first line in its page, counted from 1. */
  readonly line: number;
  readonly lines: readonly string[];
}

export const TOLERANCE: number;
export const DATA: string;
export function readsData(page: string): boolean;
export function readPages(root: URL): Map<string, string>;
export function snippetsOf(page: string, text: string): Snippet[];
export function filesBeside(text: string, resolve?: (name: string) => string): Map<string, string>;
export function fileOf(snippet: Snippet): string;
export function moduleOf(snippet: Snippet, resolve?: (name: string) => string): string;
export function differencesOf(snippet: Snippet, printed: ReadonlyMap<number, string[]>): string[];
export function expectedOf(lines: readonly string[]): Map<number, string[]>;
export function matches(printed: readonly string[], expected: readonly string[]): boolean;
