import { madd } from './vec';

// What moves the parameters, as flat loops over them: weights first, then biases, a multiple of 16 floats each.

/** w *= factor: the decay that the L2 term's gradient, lambda / n . w, makes of a step. */
export function scaleFloats(w: usize, floats: i32, factor: f32): void {
  const s = f32x4.splat(factor);
  for (const end = w + ((<usize>floats) << 2); w < end; w += 16) v128.store(w, f32x4.mul(v128.load(w), s));
}

/** w += scale . g */
export function addScaled(w: usize, g: usize, floats: i32, scale: f32): void {
  const s = f32x4.splat(scale);
  for (const end = w + ((<usize>floats) << 2); w < end; w += 16) {
    v128.store(w, madd(v128.load(w), s, v128.load(g)));
    g += 16;
  }
}
