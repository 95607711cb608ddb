import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { counted, quote, wrongType } from '../src/check/errors.js';

describe('a text in an error message', () => {
  it('is quoted, and cut if it is long', () => {
    expect(quote('sepal length')).toBe('"sepal length"');
    expect(quote('x'.repeat(40))).toBe(`"${'x'.repeat(40)}"`);
    expect(quote('x'.repeat(41))).toBe(`"${'x'.repeat(40)}..."`);
    expect(quote('x'.repeat(41), 41)).toBe(`"${'x'.repeat(41)}"`);
  });

  it('cannot act on a terminal, a page or a log: such characters are escaped', () => {
    expect(quote('\u001b[31mred\u001b[0m')).toBe('"\\u001b[31mred\\u001b[0m"');
    expect(quote('"a"\r\n\\b')).toBe('"\\"a\\"\\r\\n\\\\b"');
    // the one-byte CSI, Unicode line ends, right-to-left marks, characters of no width, a byte order mark, half of a
    // surrogate pair
    for (const character of [
      '\u009b',
      '\u007f',
      '\u2028',
      '\u2029',
      '\u202e',
      '\u200b',
      '\u2066',
      '\ufeff',
      '\ud800',
    ]) {
      const code = character.charCodeAt(0).toString(16).padStart(4, '0');
      expect(quote(`a${character}b`)).toBe(`"a\\u${code}b"`);
    }
    expect(quote('Größe, 大きさ, 📏')).toBe('"Größe, 大きさ, 📏"');
  });

  it('distinguishes values that look like numbers or arrays from these', () => {
    expect(wrongType('x', 2n, 'a number').message).toBe('x: got 2n (a BigInt), want a number');
    expect(wrongType('x', '\u001b[2J', 'a number').message).toBe('x: got "\\u001b[2J", want a number');
  });
});

describe('numbers of things', () => {
  it('are singular for one', () => {
    expect([0, 1, 2].map((n) => counted(n, 'row'))).toEqual(['0 rows', '1 row', '2 rows']);
    expect([1, 3].map((n) => counted(n, 'class'))).toEqual(['1 class', '3 classes']);
  });

  it('in messages are made by counted, so that none says "1 rows"', () => {
    const root = new URL('../src/', import.meta.url);
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => /\.ts$/.test(name));
    const plural =
      /(got|with|for|of|\x60)\s?\$\{[^}]*(?:length|rows|samples)\} (numbers|values|rows|names|labels|counts|files)\b/;
    expect(files.filter((name) => plural.test(readFileSync(new URL(name, root), 'utf8')))).toEqual([]);
  });
});
