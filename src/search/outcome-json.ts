import { checkObject, wrongType } from '../check/errors.js';
import { type MetricNumbers, metricsOf } from '../model/metrics.js';
import type { Outcome } from './part.js';

// Results of trainings as plain JSON: in lines of a log, and on their way from other machines.

/** The result of a training as plain JSON, which has no numbers that are not finite: these are texts. */
export interface SearchJobResult {
  /** The metrics of the validation; left out if the training has failed. */
  readonly metrics?: Readonly<Record<string, number | 'NaN' | 'Infinity' | '-Infinity'>> | undefined;
  /** Sentences about what is probably wrong with the data. */
  readonly warnings?: readonly string[] | undefined;
  /** Why the training has failed: its numbers were no longer finite. */
  readonly error?: string | undefined;
}

export function writeOutcome({ metrics, warnings, error }: Outcome): SearchJobResult {
  const written = metrics && Object.entries(metrics).map(([name, value]) => [name, writeNumber(value)] as const);
  return { metrics: written && Object.fromEntries(written), warnings, error };
}

const writeNumber = (value: number) =>
  Number.isFinite(value) ? value : (String(value) as 'NaN' | 'Infinity' | '-Infinity');

/** Reads a result that this library has written. */
export function readOutcome({ metrics, warnings, error }: SearchJobResult): Outcome {
  const read = metrics && Object.entries(metrics).map(([name, value]) => [name, Number(value)]);
  return { metrics: read && (Object.fromEntries(read) as MetricNumbers), warnings, error };
}

const METRICS = [...new Set((['classes', 'labels', 'numbers'] as const).flatMap(metricsOf))];
const NOT_FINITE: readonly unknown[] = ['NaN', 'Infinity', '-Infinity'];

/** Checks a result that comes from another machine. */
export function checkOutcome(where: string, result: unknown): Outcome {
  const wanted = 'what the function of trainer resolves to';
  checkObject(where, result, ['metrics', 'warnings', 'error'], wanted);
  const { metrics, warnings, error } = result as SearchJobResult;
  if (error === undefined) {
    checkObject(`${where}.metrics`, metrics, METRICS, wanted);
    for (const [name, value] of Object.entries(metrics as object)) {
      const isNumber = Number.isFinite(value) || NOT_FINITE.includes(value);
      if (!isNumber) throw wrongType(`${where}.metrics.${name}`, value, wanted);
    }
  } else if (typeof error !== 'string' || metrics !== undefined) {
    throw wrongType(`${where}.error`, error, wanted);
  }
  const areTexts = Array.isArray(warnings) && warnings.every((warning) => typeof warning === 'string');
  if (warnings !== undefined && !areTexts) throw wrongType(`${where}.warnings`, warnings, wanted);
  return readOutcome(result as SearchJobResult);
}
