// Files that are not what they were meant to be.

const MARKUP = /^\s*<(!doctype|html|head|body|\?xml|!--)/i;

/** What a file is that is often met where another was meant. undefined: none of them. */
export function foreignContents(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return '0 bytes: the file is empty';
  const start = String.fromCharCode(...bytes.subarray(0, 64)).replace(/^\u00ef\u00bb\u00bf/, '');
  if (MARKUP.test(start)) return 'an HTML or XML page: the address may be wrong';
  if (start.startsWith('version https://git-lfs')) return 'a Git LFS pointer: git lfs pull fetches what it stands for';
  if (start.startsWith('\x1f\x8b')) return 'a gzip archive: it must be unpacked first';
  if (start.startsWith('PK\x03\x04')) return 'a zip archive: it must be unpacked first';
  return /^\s*[[{]/.test(start) ? 'JSON' : undefined;
}
