// The arrays of a job as the contestants take them.

/** x as float32. Bytes are scaled before the clock starts, because no rival trains on bytes. */
export function floatsOf({ x }) {
  return x instanceof Uint8Array ? Float32Array.from(x, (byte) => byte * Math.fround(1 / 255)) : x;
}

/** Returns w [fanIn x units], made from w [units x fanIn]. */
export function transpose({ weights, units, fanIn }) {
  return weights.map((_, i) => weights[(i % units) * fanIn + Math.floor(i / units)]);
}
