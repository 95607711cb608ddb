// Orthogonal initialisation (Saxe, McClelland and Ganguli, 2014). Random normal vectors are made orthonormal one after
// another by the method of Gram and Schmidt, with sums in f64. Each vector is made orthogonal twice ("twice is enough",
// Giraud et al., 2005). This file is loaded only for this initialiser.

/** Makes the rows of w [units x fanIn] orthonormal, or its columns if there are more rows than columns. */
export function orthogonalize(w: Float32Array, units: number, fanIn: number): void {
  const byRows = units <= fanIn;
  const [count, length] = byRows ? [units, fanIn] : [fanIn, units];
  const indexOf = (vector: number, i: number) => (byRows ? vector * fanIn + i : i * fanIn + vector);
  const done: Float32Array[] = [];
  for (let vector = 0; vector < count; vector++) {
    const v = Float32Array.from({ length }, (_, i) => w[indexOf(vector, i)]);
    for (const u of [...done, ...done]) addMultiple(v, u, -dot(v, u));
    const scale = 1 / Math.sqrt(dot(v, v));
    const unit = v.map((x) => scale * x);
    done.push(unit);
    for (let i = 0; i < length; i++) w[indexOf(vector, i)] = unit[i];
  }
}

function dot(u: Float32Array, v: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < u.length; i++) sum += u[i] * v[i];
  return sum;
}

function addMultiple(v: Float32Array, u: Float32Array, factor: number): void {
  for (let i = 0; i < v.length; i++) v[i] += factor * u[i];
}
