/** A number with four significant digits: 0.01235, 98,765, 1.235e-7. */
export function short(value: number): string {
  const rounded = Number(value.toPrecision(4));
  const size = Math.abs(rounded);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return rounded.toExponential().replace('e+', 'e');
  return rounded.toLocaleString('en-US', { maximumFractionDigits: 8 });
}

/** A share as a percentage without decimals: 0.123 is "12 %". */
export const percent = (share: number): string => `${Math.round(100 * share)} %`;
