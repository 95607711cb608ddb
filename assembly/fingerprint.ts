// Only the build for teams of processes has this file: its processes compare whole data sets.

/** An odd number whose product with a word changes with each bit of the word: 2^32 divided by the golden ratio. */
const FACTOR = 0x9e3779b1;

/**
 * The fingerprint of `fingerprint` and `count` words at `words`, which is 4-byte aligned: a number by which processes
 * compare what lies in their memories. It is no proof against intent, only against mistakes. Sixteen words are mixed at
 * a time, into sixteen fingerprints that do not wait for each other.
 */
export function addWords(fingerprint: i32, words: usize, count: i32): i32 {
  const end = words + ((<usize>count) << 2);
  let a = i32x4.splat(fingerprint);
  let b = i32x4.splat(1);
  let c = i32x4.splat(2);
  let d = i32x4.splat(3);
  for (; words + 64 <= end; words += 64) {
    a = mixFour(a, v128.load(words));
    b = mixFour(b, v128.load(words, 16));
    c = mixFour(c, v128.load(words, 32));
    d = mixFour(d, v128.load(words, 48));
  }
  // each is mixed once more than the next, so that equal changes of two of them do not cancel out
  const all = mixFour(mixFour(mixFour(mixFour(a, i32x4.splat(count)), b), c), d);
  let result = mix(i32x4.extract_lane(all, 0), count);
  result = mix(result, i32x4.extract_lane(all, 1));
  result = mix(result, i32x4.extract_lane(all, 2));
  result = mix(result, i32x4.extract_lane(all, 3));
  for (; words < end; words += 4) result = mix(result, load<i32>(words));
  return result;
}

function mix(fingerprint: i32, word: i32): i32 {
  const mixed = (fingerprint ^ word) * FACTOR;
  return mixed ^ (mixed >>> 15);
}

function mixFour(fingerprints: v128, words: v128): v128 {
  const mixed = i32x4.mul(v128.xor(fingerprints, words), i32x4.splat(FACTOR));
  return v128.xor(mixed, i32x4.shr_u(mixed, 15));
}
