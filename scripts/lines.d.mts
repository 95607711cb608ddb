export function linesTable(root: URL): string;
