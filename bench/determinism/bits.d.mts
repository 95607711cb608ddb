import type * as library from 'simdprop';

export function hashes(
  of: typeof library,
  create: (options: library.NetworkOptions) => Promise<library.Network>,
  digits: library.DataSet | undefined,
): Promise<Record<string, string>>;
