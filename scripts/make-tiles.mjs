// Writes assembly/generated/tile.ts: the register tiles of the matrix product, each an instance of the template below.
// A tile keeps its accumulators in local variables and repeats its steps in the code, which a function cannot express,
// so they are generated here instead of being written by hand. docs/kernels.md has the measurements behind the shapes.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const SOURCE = 'scripts/make-tiles.mjs';
export const OUTPUT = 'assembly/generated/tile.ts';

/** The size of a cache line, abi.PANEL_ROW_BYTES. */
const PANEL_ROW_BYTES = 64;

const times = (count, line) => Array.from({ length: count }, (_, i) => line(i)).join('\n');
/** Makes the lines of `times`, from the last to the first. */
const downward = (count, line) => times(count, (i) => line(count - 1 - i));
const at = (address, offset) => (offset === 0 ? address : `${address}, ${offset}`);

/** Code that leaves the loop when `left` bytes of a row are left. */
export const leaveAt = (left) => `if (p0 == end - ${left}) break;`;

/**
 * Code that leaves the loop like leaveAt and contains a store that is never reached. The store ends a chain of loads:
 * see product.
 */
export const leaveOrStoreAt = (left) => `if (p0 >= end - ${left}) {
  if (p0 == end - ${left}) break;
  v128.store(c, x);
}`;

/**
 * c [rows x vectors] = init + a [rows x depth] . panel [depth x vectors], where `init` is one row for all rows. Rows
 * are taken `height` at a time and, if the tile has a `rest`, one by one at the end.
 *
 * The loop checks for its end after `steps` inner products. Between two of them is the exit `leave`: without it the
 * compiler loads for all of them at once and runs out of registers. After each row, `fills` vectors become 0.
 *
 * If the tile has `aheadBytes`, each pass of the loop reads a word at `ahead`, so many bytes after the one before. The
 * processor then loads these lines from a far cache while it computes.
 *
 * The order of the code is for V8 up to that of Node 22. V8 emits the sums of a block from the last variable to the
 * first, each product right before its sum, and a load as late as the loads after it allow. So rows and vectors are
 * written from the last to the first, and each load is next to its first use instead of at the top.
 *
 * V8 also groups loads into chains. A chain ends where two control-flow paths join, if one of them may have written to
 * memory. The store of leaveOrStoreAt makes every step end with such a join. The masks of addresses change no address,
 * but tell V8 that addresses have 32 bits. docs/kernels.md says how much each of these gains.
 */
export function product({ name, height, vectors, fills = 0, steps, leave, rest, aheadBytes = 0, doc }) {
  const rowsOf = (rows, unrolled) => `
    ${times(rows - 1, (r) => `const a${r + 1} = ${r ? `a${r}` : 'a'} + aStride;`)}
    ${times(rows, (r) => times(vectors, (v) => `let c${r}${v} = v128.load(${at('init', 16 * v)});`))}
    let p0 = a;
    ${times(rows - 1, (r) => `let p${r + 1} = a${r + 1};`)}
    let w = panel & ~15;
    for (const end = a + depthBytes; p0 < end; p0 += ${4 * unrolled}) {
      ${times(
        unrolled,
        (u) => `${u ? leave(4 * u) : ''}
      ${downward(
        rows,
        (r) => `x = v128.load32_splat(${at(`p${r}`, 4 * u)});
      ${downward(
        vectors,
        (v) => `${r === rows - 1 ? `w${v} = v128.load(${at('w', PANEL_ROW_BYTES * u + 16 * v)});` : ''}
        c${r}${v} = madd(c${r}${v}, x, w${v});`,
      )}`,
      )}`,
      )}
      w += ${PANEL_ROW_BYTES * unrolled};
      ${
        aheadBytes && rows === height
          ? `load<u32>(ahead);
      ahead += ${aheadBytes};`
          : ''
      }
      ${times(rows - 1, (r) => `p${r + 1} += ${4 * unrolled};`)}
    }
    ${times(
      rows,
      (r) => `if (adds) {
      ${times(vectors, (v) => `c${r}${v} = madd(v128.load(${at('c', 16 * v)}), s, c${r}${v});`)}
      }
      ${times(vectors, (v) => `v128.store(c, c${r}${v}${v ? `, ${16 * v}` : ''});`)}
      ${times(fills, (v) => `v128.store(c, f32x4.splat(0), ${16 * (vectors + v)});`)}
    c += cStride;`,
    )}
    a = ${rows > 1 ? `a${rows - 1}` : 'a'} + aStride;`;
  return `
/**
 * ${doc}
 */
export function ${name}(
  c: usize,
  cStride: usize,
  a: usize,
  aStride: usize,
  panel: usize,
  init: usize,
  depth: i32,
  rows: i32,
  adds: bool,
  scale: f32,
  ${aheadBytes ? 'ahead: usize,' : ''}
): void {
  assert(((c | cStride | panel | init) & 15) == 0);${rest ? '' : `\n  assert(rows % ${height} == 0);`}
  const depthBytes = (<usize>depth) << 2;
  const s = f32x4.splat(scale);
  let ${times(vectors, (v) => `w${v}: v128,`)} x: v128;
  a &= ~3;
  let row = 0;
  for (; row + ${height} <= rows; row += ${height}) {${rowsOf(height, steps)}
  }
  ${rest ? `for (; row < rows; ++row) {${rowsOf(1, 1)}}` : ''}
}
`;
}

/** Removes blank lines and indents the others by their braces and parentheses. */
function tidy(code) {
  let depth = 0;
  const lines = code.split('\n').map((line) => line.trim());
  const indented = lines.map((line, i) => {
    if (line === '') return lines[i + 1]?.startsWith('/**') ? '' : undefined;
    if (/^[})]/.test(line)) depth--;
    const text = `${'  '.repeat(depth)}${line.startsWith('*') ? ' ' : ''}${line}`;
    if (/[{(]$/.test(line)) depth++;
    return text;
  });
  return `${indented.filter((line) => line !== undefined).join('\n')}\n`;
}

const TILES = [
  product({
    name: 'product',
    height: 2,
    vectors: 4,
    steps: 2,
    leave: leaveOrStoreAt,
    rest: true,
    doc: 'c [rows x 16] = init + a [rows x depth] . panel [depth x 16], or c += scale times that if it `adds`.',
  }),
  product({
    name: 'productTwelve',
    height: 3,
    vectors: 3,
    fills: 1,
    steps: 2,
    leave: leaveOrStoreAt,
    doc: 'Does what product does for 12 columns of a panel; the other 4 of c become 0. `rows` is a multiple of 3.',
  }),
  product({
    name: 'productNarrow',
    height: 4,
    vectors: 1,
    steps: 1,
    rest: true,
    doc: 'Does what product does for 4 columns of a panel.',
  }),
  product({
    name: 'productAhead',
    height: 2,
    vectors: 4,
    steps: 2,
    leave: leaveOrStoreAt,
    aheadBytes: 32,
    doc: 'Does what product does, and reads a quarter of the panel at `ahead` for every two rows. `rows` is even.',
  }),
  product({
    name: 'productWide',
    height: 5,
    vectors: 4,
    steps: 8,
    leave: leaveAt,
    doc: 'Does what product does, in 256-bit registers: with 128 bits it spills. `rows` is a multiple of 5.',
  }),
  product({
    name: 'productWideAhead',
    height: 5,
    vectors: 4,
    steps: 8,
    leave: leaveAt,
    aheadBytes: 64,
    doc: 'Does what productWide does, and reads an eighth of the panel at `ahead` for every five rows.',
  }),
];

const HEAD = `// generated by ${SOURCE}; do not edit
import { madd } from '../simd';

// Register tiles of the matrix product. Every output element is one chain of additions in ascending order, so no choice
// of tile, no blocking and no division of the work can change a bit of the result. Strides are in bytes; whatever holds
// vectors is 16-byte aligned.
`;

/** Writes the file. */
export function makeTiles() {
  mkdirSync(join(ROOT, dirname(OUTPUT)), { recursive: true });
  writeFileSync(join(ROOT, OUTPUT), tidy(HEAD + TILES.join('')));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) makeTiles();
