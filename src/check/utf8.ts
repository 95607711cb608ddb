// Text as bytes in UTF-8 and back, by the language's own functions: an AudioWorklet has neither TextEncoder nor TextDecoder.

export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  const escaped = encodeURIComponent(text).replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Uint8Array.from(escaped, (character) => character.charCodeAt(0));
}

/** Throws a URIError where the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  let escaped = '';
  for (const byte of bytes) escaped += `%${byte < 16 ? '0' : ''}${byte.toString(16)}`;
  return decodeURIComponent(escaped);
}
