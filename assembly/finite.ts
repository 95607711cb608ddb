/**
 * The largest magnitude in v [floats], which is 16-byte aligned and of any length. A NaN counts as larger than every
 * number.
 */
export function largestMagnitude(v: usize, floats: i32): f32 {
  // magnitudes have the same order as their bits: infinity is above all finite numbers, and NaN above infinity
  const magnitude = i32x4.splat(0x7fffffff);
  let first = i32x4.splat(0);
  let second = first;
  const end = v + ((<usize>floats) << 2);
  for (; v + 32 <= end; v += 32) {
    first = i32x4.max_u(first, v128.and(v128.load(v), magnitude));
    second = i32x4.max_u(second, v128.and(v128.load(v, 16), magnitude));
  }
  first = i32x4.max_u(first, second);
  let largest = max(
    max(i32x4.extract_lane(first, 0), i32x4.extract_lane(first, 1)),
    max(i32x4.extract_lane(first, 2), i32x4.extract_lane(first, 3)),
  );
  for (; v < end; v += 4) largest = max(largest, load<i32>(v) & 0x7fffffff);
  return reinterpret<f32>(largest);
}
