/** Code that leaves the loop of a tile when `left` bytes of a row are left. */
export type Leave = (left: number) => string;
export const leaveAt: Leave;
export const leaveOrStoreAt: Leave;

/** The AssemblyScript source of a tile. It calls a function madd(c, a, b), which the module must define. */
export function product(tile: {
  name: string;
  height: number;
  vectors: number;
  steps: number;
  leave?: Leave;
  doc: string;
}): string;
