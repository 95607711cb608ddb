import { checksum } from '../data/checksums.js';
import type { TypedDataSet } from '../data/data-set.js';
import type { Material } from './part.js';

// Checksums that tell whether two searches are the same.

export const sumOfText = (text: string) => checksum([new TextEncoder().encode(text)]).toString(16);

export function sumOfData({ inputs, targets, weights, ...names }: TypedDataSet): string {
  return `${checksum([inputs, targets, weights]).toString(16)} ${sumOfText(JSON.stringify(names))}`;
}

/** A text that is the same for the same data and validation data. */
export const sumOfMaterial = ({ data, validation }: Pick<Material, 'data' | 'validation'>) =>
  [data, ...(validation ? [validation] : [])].map(sumOfData).join(' ');
