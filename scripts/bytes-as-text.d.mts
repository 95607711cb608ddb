export function textOf(bytes: Uint8Array): { alphabet: string; first: number; text: string };
