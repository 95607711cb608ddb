import { integerField, joined, messageField, textField, type Written } from '../../src/exchange/protobuf-write.js';
import { node, nodeFields } from './graphs.js';

// ONNX files whose weights lie in other files, as the newer exporter of PyTorch writes them.

const GEMM = node('Gemm', 'x w b', 'y', { transB: 1 });

/** A constant [shape] in another file. */
export const outside = (name: string, shape: readonly number[], places: Readonly<Record<string, string>>): Written =>
  messageField(5, [
    ...shape.map((size) => integerField(1, size)),
    integerField(2, 1),
    textField(8, name),
    ...Object.entries(places).map(([key, value]) => messageField(13, [textField(1, key), textField(2, value)])),
    integerField(14, 1),
  ]);

/** A file of one Gemm from 2 inputs to 3 outputs, whose constants w and b are given. */
export function withConstants(constants: readonly Written[]): Uint8Array {
  const shape = (width: number) => messageField(2, [messageField(1, [integerField(1, 1), messageField(2, [messageField(1, [textField(2, 'N')]), messageField(1, [integerField(1, width)])])])]); // biome-ignore format: one line
  return joined([
    integerField(1, 10),
    messageField(7, [
      messageField(1, nodeFields(GEMM)),
      ...constants,
      messageField(11, [textField(1, 'x'), shape(2)]),
      messageField(12, [textField(1, 'y'), shape(3)]),
    ]),
    messageField(8, [textField(1, ''), integerField(2, 18)]),
  ]);
}
