import { outOfRange } from '../check/errors.js';
import { numberAt } from './onnx-elementwise.js';
import { axisOf } from './onnx-layout.js';
import { type Call, type Constant, constantAt, inputAt } from './onnx-values.js';

/**
 * (x - zero point) · scale of constants, which is how files keep weights in 8 bits. Numbers of the samples that were
 * rounded to steps are refused: no network of this library rounds them.
 */
export function dequantized(call: Call): Constant {
  const { where, node } = call;
  const x = inputAt(call, 0);
  if (x.kind !== 'constant') {
    throw outOfRange(
      where,
      'rounded numbers of the samples',
      'weights alone that are quantised: export the model before quantisation',
    );
  }
  const [scale, zero] = [constantAt(call, 1), constantAt(call, 2)];
  if (!scale) throw outOfRange(where, 'no scale', 'one');
  if (numberAt(node, 'block_size', 0))
    throw outOfRange(where, 'blocks with scales of their own', 'a scale for each row');
  const axis = scale.values.length === 1 ? 0 : axisOf(where, numberAt(node, 'axis', 1), x.shape.length);
  const steps = scale.values.length;
  if (steps !== 1 && steps !== x.shape[axis]) throw outOfRange(where, `${steps} scales`, `1 or ${x.shape[axis]}`);
  const inner = x.shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const values = Float64Array.from(x.values, (value, i) => {
    const place = steps === 1 ? 0 : Math.floor(i / inner) % steps;
    return (value - (zero ? zero.values[place] : 0)) * scale.values[place];
  });
  return { kind: 'constant', shape: x.shape, values };
}
