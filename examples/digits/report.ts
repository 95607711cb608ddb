import type { ClassesEvaluation } from 'simdprop';
import { CLASSES, type Digits } from './idx.js';
import { formatAccuracy, formatCount } from './progress.js';

/** `count` samples of the class `digit` were taken for `taken`. */
interface Confusion {
  readonly digit: number;
  readonly taken: number;
  readonly count: number;
}

const LISTED = 5;
const DRAWN = 2;

/**
 * Describes the result of the training: accuracy, confusion matrix, the most frequent confusions, and pictures of some.
 */
export function report(evaluation: ClassesEvaluation, test: Digits, outputs: Float32Array): string {
  const confusion = evaluation.confusion!;
  const worst = mostConfused(confusion).slice(0, LISTED);
  const { accuracy, correct, samples } = evaluation;
  return [
    `Test accuracy ${formatAccuracy(accuracy)} (${formatCount(correct)} of ${formatCount(samples)})`,
    '',
    'Rows: what the digit was. Columns: what it was taken for.',
    ...table(confusion),
    ...(worst.length > 0 ? ['', 'Most frequent confusions:'] : []),
    ...worst.map(
      ({ digit, taken, count }) => `  ${digit} taken for ${taken}: ${count} ${count === 1 ? 'time' : 'times'}`,
    ),
    ...(worst.length > 0 ? ['', ...gallery(worst.slice(0, DRAWN), test, outputs)] : []),
  ].join('\n');
}

function table(confusion: readonly Uint32Array[]): string[] {
  const widest = Math.max(...confusion.map((row) => Math.max(...row)));
  const width = String(widest).length + 2;
  const cells = (values: Iterable<number>) => Array.from(values, (value) => String(value).padStart(width)).join('');
  return [
    `   ${cells(confusion.keys())}`,
    `   ${'-'.repeat(width * confusion.length)}`,
    ...confusion.map((row, digit) => `${digit} |${cells(row)}`),
  ];
}

function mostConfused(confusion: readonly Uint32Array[]): Confusion[] {
  return confusion
    .flatMap((row, digit) => Array.from(row, (count, taken) => ({ digit, taken, count })))
    .filter(({ digit, taken, count }) => digit !== taken && count > 0)
    .sort((left, right) => right.count - left.count);
}

/** The first test image of each confusion, drawn side by side. */
function gallery(confusions: readonly Confusion[], test: Digits, outputs: Float32Array): string[] {
  const pictures = confusions.map(({ digit, taken }) => {
    const index = test.labels.findIndex((label, sample) => label === digit && predicted(outputs, sample) === taken);
    return [`test image ${index}: ${digit}, not ${taken}`.padEnd(test.columns), ...draw(test, index)];
  });
  return pictures[0].map((_, line) =>
    pictures
      .map((picture) => picture[line])
      .join('    ')
      .trimEnd(),
  );
}

/** The predicted class, decided as the network does: the first of the largest outputs. */
function predicted(outputs: Float32Array, sample: number): number {
  const row = outputs.subarray(sample * CLASSES, (sample + 1) * CLASSES);
  return row.reduce((largest, value, digit) => (value > row[largest] ? digit : largest), 0);
}

/** Draws an image with two rows of pixels in each line of characters. */
function draw(test: Digits, index: number): string[] {
  const { rows, columns, images } = test;
  const ink = (row: number, column: number) => row < rows && images[(index * rows + row) * columns + column] >= 96;
  return Array.from({ length: Math.ceil(rows / 2) }, (_, line) =>
    Array.from({ length: columns }, (_, column) => {
      const upper = ink(2 * line, column);
      const lower = ink(2 * line + 1, column);
      return upper && lower ? '█' : upper ? '▀' : lower ? '▄' : ' ';
    }).join(''),
  );
}
