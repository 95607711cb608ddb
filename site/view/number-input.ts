import { element } from './element.js';

export interface NumberInput {
  readonly least: number;
  readonly most: number;
  /** Any number, if it is left out. */
  readonly step?: number;
  readonly value?: number;
  readonly label?: string;
  /** Gets the number when the field is left. */
  change?(value: number): void;
}

/**
 * A field for a number. One beyond the limits becomes the nearest that is allowed, and what is no number becomes the
 * one before.
 */
export function numberInput({ least, most, step, value, label, change }: NumberInput): HTMLInputElement {
  const input = element('input', {
    type: 'number',
    min: least,
    max: most,
    step: step ?? 'any',
    value,
    'aria-label': label,
    title: `${least} to ${most}`,
  });
  let before = input.value;
  input.addEventListener('focus', () => {
    before = input.value;
  });
  input.addEventListener('change', () => {
    const given = step === 1 ? Math.round(input.valueAsNumber) : input.valueAsNumber;
    input.value = Number.isFinite(given) ? String(Math.max(least, Math.min(most, given))) : before;
    if (input.value !== before) change?.(input.valueAsNumber);
    before = input.value;
  });
  return input;
}
