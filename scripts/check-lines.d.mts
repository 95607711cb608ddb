export function longLines(name: string, text: string): [number: number, line: string][];
