/** What leaves the loop of a tile where so many bytes of a row are left. */
export type Leave = (left: number) => string;
export const leaveAt: Leave;
export const leaveOrStoreAt: Leave;

/** The AssemblyScript source of a tile, which wants a function madd(c, a, b). */
export function product(tile: {
  name: string;
  height: number;
  vectors: number;
  steps: number;
  leave?: Leave;
  doc: string;
}): string;
