// The digits of the page: 10,000 images of MNIST with their labels.

export const PIXELS = 784;
export const WIDTH = 28;
export const CLASSES = 10;
/** The number of digits for training; the others are the test. */
const TRAINING = 9000;
const COUNT = 10_000;

export interface Digits {
  /** [samples × 784], 0 (paper) to 255 (ink). */
  readonly inputs: Uint8Array;
  /** [samples] */
  readonly targets: Uint8Array;
}

export interface DigitSets {
  readonly training: Digits;
  readonly test: Digits;
}

/** Fetches and unpacks the digits. Throws an Error if the file is not there or damaged. */
export async function fetchDigits(url: URL): Promise<DigitSets> {
  const response = await fetch(url);
  if (!response.ok || !response.body)
    throw new Error(`${url.pathname}: got status ${response.status}, want the digits`);
  const unpacked = response.body.pipeThrough(new DecompressionStream('gzip'));
  const bytes = new Uint8Array(await new Response(unpacked).arrayBuffer());
  if (bytes.length !== COUNT * (1 + PIXELS))
    throw new Error(`${url.pathname}: got ${bytes.length} bytes, want all digits`);
  const [labels, images] = [bytes.subarray(0, COUNT), bytes.subarray(COUNT)];
  const part = (from: number, to: number) => ({
    inputs: images.subarray(from * PIXELS, to * PIXELS),
    targets: labels.subarray(from, to),
  });
  return { training: part(0, TRAINING), test: part(TRAINING, COUNT) };
}

/** The message that starts the worker. */
export interface TrainingOrder {
  readonly digits: DigitSets;
  /** Units of the hidden layers. */
  readonly hidden: readonly number[];
  readonly epochs: number;
  readonly seed: number;
}

/** A message of the worker. */
export type TrainingNews =
  | { readonly kind: 'progress'; readonly share: number; readonly cost: number; readonly samplesPerSecond?: number }
  /** After an epoch. `file` is the network as `save` writes it. */
  | { readonly kind: 'epoch'; readonly epoch: number; readonly accuracy: number; readonly file: Uint8Array }
  | { readonly kind: 'end'; readonly seconds: number; readonly threads: number }
  | { readonly kind: 'error'; readonly message: string };

/** News with the seed of the order, which tells trainings apart. */
export type TrainingMessage = TrainingNews & Pick<TrainingOrder, 'seed'>;
