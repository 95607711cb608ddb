import type { Form } from './products.js';

// The numbers of the roofline plot, which roofline.ts measures and roofline-plot.ts draws.

/** The limits of the machine, measured once in a run. */
export interface RoofRow {
  multiplyAddGigaflops: number;
  reads: { bytes: number; gigabytes: number }[];
}

export interface RooflineRow {
  shape: string;
  /** Operations for each byte that must move. */
  intensity: number;
  /** 10^9 bytes per second when the bytes of this shape are only read. */
  gigabytes: number;
  /** 10^9 operations per second that the lower of the two roofs allows. */
  roof: number;
  /**
   * 10^9 operations per second of each form, and their share of the roof: medians of the rounds. Each round has its own
   * roof.
   */
  forms: Record<Form, { gigaflops: number; share: number }>;
}
