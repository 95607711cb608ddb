/** The AssemblyScript source of a tile, which wants a function madd(c, a, b). */
export function product(tile: { name: string; height: number; vectors: number; steps: number; doc: string }): string;
