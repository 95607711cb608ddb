import { counted } from '../check/errors.js';
import type { Network } from '../index.js';
import type { Writable } from './formats.js';
import type { Source } from './read-network.js';

/** How a file stores parameters. */
export type Precision = 'f32' | 'f16';

/** Whether a file of simdprop has the state of training: there is one, and parameters keep their bits. */
export const hasTraining = (network: Network, precision: Precision | undefined) =>
  network.steps > 0 && precision !== 'f16';

/** What a file has that the same network as a file of this format has not, for the user. */
export function lostIn(
  format: Writable,
  { network, threshold, model }: Source,
  precision?: Precision | undefined,
): string[] {
  const lost: string[] = [];
  if (precision === 'f16') lost.push('all but 11 bits of each weight, bias and slope');
  if (threshold !== undefined && format !== 'safetensors' && format !== 'onnx') {
    lost.push(`the threshold ${threshold}: pass { threshold: ${threshold} } to classify`);
  }
  if (network.cost === 'custom') lost.push('the functions of the custom cost, which no file holds');
  if (format === 'simdprop') {
    if (network.steps > 0 && !hasTraining(network, precision)) lost.push('the state of training');
    return lost;
  }
  if (model) {
    const columns = Object.keys(model.encoder.inputKinds).length;
    lost.push(
      `the encoder of the table, which makes ${counted(network.inputs, 'input')} of its ${counted(columns, 'column')}`,
    );
  }
  if (network.epochs > 0 || network.steps > 0) {
    lost.push(`the optimizer, ${network.optimizer.name}, and the state of training`);
  }
  if (format === 'js' || format === 'c') {
    lost.push('what only training needs: the cost, penalties, dropout, limits of weights, the seed');
    if (network.task !== undefined) lost.push(`the task, ${network.task}: what outputs mean is not in the file`);
  }
  if (format === 'onnx' && network.layers.some(({ dropout, maxNorm }) => dropout > 0 || maxNorm > 0)) {
    lost.push('dropout and the limits of weights');
  }
  return lost;
}
