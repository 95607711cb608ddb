// Text as bytes in UTF-8 and back, by the language's own functions: an AudioWorklet has neither TextEncoder nor
// TextDecoder.

export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  const escaped = encodeURIComponent(text).replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Uint8Array.from(escaped, (character) => character.charCodeAt(0));
}

/** Throws a URIError if the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  const parts: string[] = [];
  // a function takes only so many arguments
  for (let start = 0; start < bytes.length; start += 4096) {
    parts.push(String.fromCharCode(...bytes.subarray(start, start + 4096)));
  }
  const escaped = parts.join('').replace(/[%\x80-\xff]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
  return decodeURIComponent(escaped);
}

/** The value of JSON that save() has written. */
export function parseJson(where: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes));
  } catch (error) {
    throw new RangeError(`${where}: got no JSON in UTF-8, want what save() writes`, { cause: error });
  }
}
