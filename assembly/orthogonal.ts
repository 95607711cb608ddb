import { fillNormal } from './random';

// Orthogonal initialisation (Saxe, McClelland and Ganguli, 2014): the rows of w [units x fanIn] are orthonormal, or its columns where
// there are more rows than columns. Random normal vectors made orthonormal one after the other by Gram and Schmidt, twice each ("twice
// is enough", Giraud et al., 2005), in f64 sums.

/** w [units x fanIn] row-major = an orthogonal matrix drawn for (purpose, stream). */
export function fillOrthogonal(w: usize, units: i32, fanIn: i32, purpose: u32, stream: u32): void {
  fillNormal(w, units * fanIn, 1, purpose, stream);
  // vectors: rows where they are the shorter side, else columns
  const byRows = units <= fanIn;
  const count = byRows ? units : fanIn;
  const length = byRows ? fanIn : units;
  const rowBytes = (<usize>fanIn) << 2;
  const vectorStep: usize = byRows ? rowBytes : 4;
  const itemStep: usize = byRows ? 4 : rowBytes;
  for (let i = 0; i < count; ++i) {
    const v = w + <usize>i * vectorStep;
    for (let pass = 0; pass < 2; ++pass) {
      for (let other = 0; other < i; ++other) {
        const u = w + <usize>other * vectorStep;
        addMultiple(v, u, -dot(v, u, length, itemStep), length, itemStep);
      }
    }
    scale(v, 1 / Math.sqrt(dot(v, v, length, itemStep)), length, itemStep);
  }
}

function dot(u: usize, v: usize, length: i32, step: usize): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < length; ++i) {
    sum += <f64>load<f32>(u) * <f64>load<f32>(v);
    u += step;
    v += step;
  }
  return sum;
}

function addMultiple(v: usize, u: usize, factor: f64, length: i32, step: usize): void {
  for (let i = 0; i < length; ++i) {
    store<f32>(v, <f32>(<f64>load<f32>(v) + factor * <f64>load<f32>(u)));
    u += step;
    v += step;
  }
}

function scale(v: usize, factor: f64, length: i32, step: usize): void {
  for (let i = 0; i < length; ++i) {
    store<f32>(v, <f32>(factor * <f64>load<f32>(v)));
    v += step;
  }
}
