import * as ort from 'onnxruntime-node';

/**
 * The numbers that onnxruntime computes from a file. `x` [rows × inputs] has one array for each input of the graph, or
 * is the only one. `output`: the name of the output, by default the first.
 */
export async function runOnnx(
  file: Uint8Array,
  x: Float32Array | Readonly<Record<string, Float32Array>>,
  rows: number,
  output?: string,
): Promise<Float64Array> {
  const session = await ort.InferenceSession.create(file, { logSeverityLevel: 3, intraOpNumThreads: 1 });
  const feeds: Record<string, ort.Tensor> = {};
  for (const input of session.inputMetadata) {
    if (!input.isTensor) throw new Error(`${input.name}: got no tensor, want one`);
    const data = x instanceof Float32Array ? x : x[input.name];
    const behind = input.shape.slice(1).map(Number);
    const shape = input.shape.length > 1 ? [rows, ...behind] : [data.length];
    feeds[input.name] =
      input.type === 'float64'
        ? new ort.Tensor('float64', Float64Array.from(data), shape)
        : new ort.Tensor('float32', data, shape);
  }
  const name = output ?? session.outputNames[0];
  const results = await session.run(feeds, [name]);
  const { data } = results[name];
  await session.release();
  return Float64Array.from(data as Float32Array, Number);
}

/** The largest relative distance of two lists of numbers. */
export function distanceOf(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (got.length !== wanted.length) throw new Error(`got ${got.length} numbers, want ${wanted.length}`);
  let worst = 0;
  for (let i = 0; i < got.length; i++) {
    worst = Math.max(worst, Math.abs(got[i] - wanted[i]) / (1 + Math.abs(wanted[i])));
    if (Number.isNaN(got[i] - wanted[i])) return Number.NaN;
  }
  return worst;
}
