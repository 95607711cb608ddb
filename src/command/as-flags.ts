import { quote } from '../check/errors.js';

// The library's messages name its options and functions. The command prints them with the names of its flags.

/** A text between quotes, as `quote` writes it. */
const QUOTED = '"(?:[^"\\\\]|\\\\.)*"';

/** Options in braces, as they would be given to a function. */
const OPTIONS = new RegExp(
  `(?:the table option )?\\{ (?:(header): (true|false)|kinds: \\{ (${QUOTED}): "(\\w+)" \\}|missing: \\[(.*?)\\]|(\\w+): (${QUOTED})) \\}`,
  'g',
);

/** Ends of messages that only a program can follow, and what the command offers in their place. */
const WAYS: readonly (readonly [RegExp, string])[] = [
  [/\bapproximate: true\b/, '--approximate'],
  [/new TextDecoder\("utf-16le"\)\.decode\(bytes\)/, '--encoding utf-16le'],
  [/: options\.names gives others$/, ''],
  [/a label of TextDecoder, such as/, 'the name of an encoding, such as'],
  [/; if not, Table\.fromCsv accepts the whole text$/, ''],
  [/, the first in row \d+(?=, want)/, ''],
  [/: table\.withoutMissing\(\[.*\]\) leaves it out$/, ': leave such rows out of the file'],
  [/, an option of every function that makes a table$/, ''],
  [
    /^(column (".*"): got no values in the training data, want one or more): leave it out of options\.inputs$/,
    '$1: --ignore $2 leaves it out',
  ],
  [
    /(: parts of the rows, such as .*|: )a larger options\.rare, .*, or fewer columns in options\.inputs$/,
    ': fewer columns: --ignore leaves one out',
  ],
  [/^encoder(?=: got .* inputs?,)/, 'the table'],
];

/** Messages about models, and about values that a model refuses. */
const MODELS: readonly (readonly [RegExp, string])[] = [
  [
    /: options\.missing can replace them, table\.withoutMissing\(.*\) leaves their rows out$/,
    ': leave such rows out of the file',
  ],
  [/, or options\.missing$/, ''],
  [/a file of model\.save\(\): Network\.load reads this one$/, 'a model: simdprop info shows this file'],
  [/(?<=want )a file that save\(\) made/, 'a file that simdprop has saved'],
  [/: (?:Network\.load|read\w+ of simdprop\/\w+) reads it$/, ': simdprop convert reads it'],
];

/** Messages about parts of the rows, and the flags that give other parts. */
const PARTS: readonly (readonly [RegExp, string])[] = [
  [/^(options\.test: got .* rows, want a part of at least one)$/, '$1: --test 0 measures on the training rows'],
  [/^(options\.group: got .* parts, want .*)$/, '$1: training and test (--test 0 measures on the training rows)'],
  [
    /^(options\.validation\.group: got .* parts, want .*)$/,
    '$1: training and validation (--validation 0 holds no rows back)',
  ],
  [/^options\.stratify(: got .* different values in .*)$/, '--target$1; --test 0 --validation 0 trains on all rows'],
  [/^(options\.target: got .* different values in .*)$/, '$1; --validation 0 holds no rows back'],
];

/** What messages call options whose flags have other names, and these flags. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^layers\[\d+\]\.activation\b/, '--activation'],
  [/^names\[\d+\](?=:)/, '--target'],
  [/\boptions\.validation\.(share|count)\b/g, '--validation'],
  [/\boptions\.validation\.group\b/g, '--group'],
  [/\boptions\.stratify\b/g, '--target'],
  [/\boptions\.kinds\b/g, '--kind'],
];

/** A message of the library, in the words of the command. */
export function asFlags(message: string): string {
  let text = message;
  for (const [way, own] of [...WAYS, ...MODELS, ...PARTS]) text = text.replace(way, own);
  text = text.replace(OPTIONS, (_, header, value, column, kind, missing, name, setting) => {
    if (header) return value === 'true' ? '--header' : '--no-header';
    if (column) return `--kind ${quote(`${JSON.parse(column)}=${kind}`, 200)}`;
    if (missing !== undefined) return missingFlags(missing);
    return `--${kebab(name)} ${setting}`;
  });
  for (const [name, flag] of NAMES) text = text.replace(name, flag);
  return text.replace(/\boptions\.(\w+)/g, (_, name: string) => `--${kebab(name)}`);
}

/**
 * A flag for each text of the list, of which the last one is new. For a long list: the flag of the last one, and a
 * hint.
 */
function missingFlags(list: string): string {
  const texts = list.match(new RegExp(QUOTED, 'g')) ?? [];
  if (texts.length <= MOST_MISSING) return texts.map((text) => `--missing ${text}`).join(' ');
  const others = `the ${texts.length - 1} texts that are missing now, such as ${texts[0]}`;
  return `--missing ${texts[texts.length - 1]} (and one --missing for each of ${others})`;
}

/** The most flags in a row that can be read. */
const MOST_MISSING = 3;

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
