/**
 * [256 t + b]: the checksum of byte b by itself, with t zeros behind it. With them, a checksum takes one step for eight
 * bytes ("slicing-by-8": Kounavis and Berry, A Systematic Approach to Building High Performance Software-Based CRC
 * Generators, 2005). The first checksum makes them, because that takes 1 to 2 ms.
 */
let tables: Int32Array | undefined;

function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256);
  for (let i = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    made[i] = crc;
  }
  for (let i = 256; i < made.length; i++) made[i] = (made[i - 256] >>> 8) ^ made[made[i - 256] & 255];
  return made;
}

/** What the four bytes of a word add to a checksum if `zeros` bytes follow them. */
const ofWord = (table: Int32Array, word: number, zeros: number) =>
  table[256 * (zeros + 3) + (word & 255)] ^
  table[256 * (zeros + 2) + ((word >>> 8) & 255)] ^
  table[256 * (zeros + 1) + ((word >>> 16) & 255)] ^
  table[256 * zeros + (word >>> 24)];

/**
 * The CRC-32 of ISO 3309, zip and PNG. `before`: the checksum of the bytes that come before these. Default: there are
 * none.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  // that of Node takes a third of the time
  const zlib = globalThis.process?.getBuiltinModule?.('node:zlib');
  return zlib?.crc32 ? zlib.crc32(bytes, before) : crc32ByTables(bytes, before);
}

/** The same, wherever JavaScript runs. */
export function crc32ByTables(bytes: Uint8Array, before = 0): number {
  tables ??= makeTables();
  const t = tables;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = bytes.length;
  let crc = ~before;
  let i = 0;
  for (; i + 8 <= end; i += 8) {
    crc = ofWord(t, crc ^ view.getInt32(i, true), 4) ^ ofWord(t, view.getInt32(i + 4, true), 0);
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ t[(crc ^ bytes[i]) & 255];
  return ~crc >>> 0;
}
