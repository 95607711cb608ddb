// Half floats: the 16-bit numbers of IEEE 754, with 11 significant bits and sizes from 2^-24 to 65,504.

/** The largest finite half float. */
export const MAX_HALF = 65_504;

/** The number that 16 bits stand for. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The bits of the half float nearest to an f32; of two that are equally near, those of the even one. */
export function toHalf(value: number): number {
  const bits = bitsOf(value);
  const sign = (bits >>> 16) & 0x8000;
  const size = bits & 0x7fffffff;
  if (size > INFINITY) return sign | 0x7e00;
  // 65,520 and more: the next half float after the largest one would be 65,536
  if (size >= TOO_LARGE) return sign | 0x7c00;
  // Below the smallest normal half float, 2^-14, half floats are the multiples of 2^-24. Floats from 1/2 to 1 are so
  // too: adding 1/2 rounds to them.
  if (size < LEAST_NORMAL) return sign | (bitsOf(Math.abs(value) + 0.5) - HALF);
  // 13 of 23 bits of the fraction go; what is added carries if they are more than half of the last bit, or half and odd
  return sign | ((size - LESS_BIAS + 0xfff + ((size >>> 13) & 1)) >>> 13);
}

const INFINITY = 0x7f800000;
const TOO_LARGE = 0x477ff000;
const LEAST_NORMAL = 0x38800000;
const HALF = 0x3f000000;
/** The difference of the exponents' biases, 127 and 15, in its place among the bits. */
const LESS_BIAS = (127 - 15) << 23;

const word = new DataView(new ArrayBuffer(4));

/** The bits of a number that is rounded to f32. */
function bitsOf(value: number): number {
  word.setFloat32(0, value);
  return word.getUint32(0);
}

/** The numbers of half floats, which are stored with the low byte first. */
export function floatsOfHalves(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) => fromHalf(view.getUint16(2 * i, true)));
}

/** The half floats nearest to these numbers, stored with the low byte first. */
export function halvesOfFloats(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(2 * values.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) view.setUint16(2 * i, toHalf(values[i]), true);
  return bytes;
}
