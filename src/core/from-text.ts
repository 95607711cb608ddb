/** What scripts/build-wasm.mjs writes to a file of src/generated/. */
export interface BytesAsText {
  readonly alphabet: string;
  readonly first: number;
  readonly text: string;
}

/** The bytes that scripts/bytes-as-text.mjs has written as this text. */
export function fromText({ alphabet, first, text }: BytesAsText): Uint8Array<ArrayBuffer> {
  const singles = alphabet.length - 2;
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    let value = alphabet.indexOf(text[i]);
    // the first character of a pair
    if (value >= singles) value = singles + alphabet.length * (value - singles) + alphabet.indexOf(text[++i]);
    bytes.push(value - first);
  }
  return Uint8Array.from(bytes);
}
