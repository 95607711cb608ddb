// Recognises files that are often given by mistake.

/**
 * How files begin that are not text. U+FFFD stands for any byte that is not ASCII, because bytes that were read as
 * UTF-8 text have it instead.
 */
const BINARY: readonly (readonly [string, string])[] = [
  ['\x1f\ufffd', 'a gzip archive: it must be unpacked first'],
  ['PK\x03\x04', 'a zip archive, which .xlsx files are too: it must be unpacked, or exported, first'],
  ['\ufffd\ufffd\x11\ufffd', 'an Office document, such as .xls: it must be exported first'],
  ['\ufffdNUMPY', 'a NumPy array'],
];

/** How texts begin after a byte order mark and blanks. */
const TEXT: readonly (readonly [RegExp, string])[] = [
  [/^<(!doctype|html|head|body|\?xml|!--)/i, 'an HTML or XML page: the address may be wrong'],
  [/^version https:\/\/git-lfs/, 'a Git LFS pointer: git lfs pull fetches what it stands for'],
  [/^(\{\s*["}]|\[\s*["[{\d\]-])/, 'JSON'],
];

/**
 * Names the kind of a file that is often given by mistake in place of another; undefined for every other file. The file
 * is given as bytes, or as the text that was read from them.
 */
export function foreignContents(file: Uint8Array | string): string | undefined {
  if (file.length === 0) return '0 bytes: the file is empty';
  const first = typeof file === 'string' ? file.slice(0, 64) : String.fromCharCode(...file.subarray(0, 64));
  const start = first.replace(/[\u0080-\uffff]/g, '\ufffd');
  const text = start.replace(/^\ufffd{0,3}\s*/, '');
  return (
    BINARY.find(([beginning]) => start.startsWith(beginning))?.[1] ??
    TEXT.find(([beginning]) => beginning.test(text))?.[1]
  );
}
