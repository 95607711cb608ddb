export const ALPHABET: string;
export const FIRST: number;
export function textOf(bytes: Uint8Array): string;
