import type { Form } from './products.js';

// What the roofline measures: roofline.ts takes the figures, roofline-plot.ts draws them.

/** The machine's, of the whole run. */
export interface RoofRow {
  multiplyAddGigaflops: number;
  reads: { bytes: number; gigabytes: number }[];
}

export interface RooflineRow {
  shape: string;
  /** Operations for each byte that must move. */
  intensity: number;
  /** Reading so many bytes, in 10^9 a second. */
  gigabytes: number;
  /** 10^9 operations a second that the lower roof allows. */
  roof: number;
  /** What each form reaches of them, and the share: medians of the rounds, each beside the roofs of its round. */
  forms: Record<Form, { gigaflops: number; share: number }>;
}
