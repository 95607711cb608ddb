import { describe, expect, it, test } from 'vitest';
import { widthOf } from '../src/charts/text-width.js';
import { confusionMatrix, importance, learningCurve, rocCurve } from '../src/charts.js';
import { createNetwork } from './build.js';
import { elementsOf, numbersOf, parseSvg, piecesOf, readAxis, type SvgElement } from './svg.js';

const from = <T>(length: number, value: (i: number) => T): T[] => Array.from({ length }, (_, i) => value(i));
const textsOf = (root: SvgElement): string[] => elementsOf(root, 'text').map(({ text }) => text);
const titlesOf = (root: SvgElement): string[] => elementsOf(root, 'title').map(({ text }) => text);

/** The curves: paths whose class is that of a curve. */
const curvesOf = (root: SvgElement): SvgElement[] =>
  elementsOf(root, 'path').filter(({ attributes }) => attributes.class.includes('curve-'));

/** Texts that would be run or read as markup if they were not escaped. */
const HOSTILE = [
  '</script><script>alert(1)</script>',
  '</text></svg><img src=x onerror=alert(1)>',
  '" onload="alert(1)',
  "'\u2028\u2029\n",
  '\u001b[31mred\u001b[0m',
  '\u202egnp.exe',
  '\ud800 alone',
  '__proto__',
  '&lt;&#0;]]>',
  'a'.repeat(100_000),
];

describe('learningCurve', () => {
  const costs = [2, 1.5, 1.25, 1.3];
  const held = [2.2, 1.9, 1.6, 1.8];
  const reports = costs.map((cost, epoch) => ({ epoch, cost, validation: { cost: held[epoch], accuracy: epoch / 4 } }));

  it('draws every cost where its axes say', () => {
    const root = parseSvg(learningCurve(reports));
    const [x, y] = [readAxis(root, 'x'), readAxis(root, 'y')];
    const curves = curvesOf(root);
    expect(curves.length).toBe(2);
    for (const [i, wanted] of [costs, held].entries()) {
      const [points, ...more] = piecesOf(curves[i]);
      expect(more).toEqual([]);
      expect(points.map(([pixel]) => Math.round(x(pixel) * 100) / 100)).toEqual([0, 1, 2, 3]);
      for (const [epoch, [, pixel]] of points.entries()) expect(Math.abs(y(pixel) - wanted[epoch])).toBeLessThan(0.01);
    }
    expect(textsOf(root)).toContain('lowest validation cost: 1.6 in epoch 2');
    const [dot] = elementsOf(root, 'circle');
    expect(Math.abs(y(Number(dot.attributes.cy)) - 1.6)).toBeLessThan(0.01);
    expect(Math.abs(x(Number(dot.attributes.cx)) - 2)).toBeLessThan(0.01);
  });

  it('draws a metric of the validation, of which the highest is the best', () => {
    const root = parseSvg(learningCurve(reports, { metric: 'accuracy', unit: 'share' }));
    expect(curvesOf(root).length).toBe(1);
    expect(textsOf(root)).toContain('accuracy (share)');
    expect(textsOf(root)).toContain('highest validation accuracy: 0.75 in epoch 3');
    const y = readAxis(root, 'y');
    const [points] = piecesOf(curvesOf(root)[0]);
    expect(points.map(([, pixel]) => Math.round(100 * y(pixel)))).toEqual([0, 25, 50, 75]);
  });

  it('is logarithmic if the values differ by a factor of 100, or on request', () => {
    const falling = from(50, (epoch) => ({ epoch, cost: 10 ** (1 - epoch / 10) }));
    for (const scale of ['auto', 'log'] as const) {
      const root = parseSvg(learningCurve(falling, { scale }));
      const y = readAxis(root, 'y', true);
      const [points] = piecesOf(curvesOf(root)[0]);
      for (const [i, [, pixel]] of points.entries()) expect(y(pixel) / falling[i].cost).toBeCloseTo(1, 1);
    }
    const straight = parseSvg(learningCurve(falling, { scale: 'linear' }));
    expect(() => readAxis(straight, 'y')).not.toThrow();
    // costs that span less than a factor of 10
    expect(() => readAxis(parseSvg(learningCurve(reports, { scale: 'log' })), 'y', true)).not.toThrow();
  });

  it('leaves gaps where a cost is not finite', () => {
    const broken = [1, 0.9, Number.NaN, 0.8, Number.POSITIVE_INFINITY, 0.7].map((cost, epoch) => ({ epoch, cost }));
    const pieces = piecesOf(curvesOf(parseSvg(learningCurve(broken)))[0]);
    expect(pieces.map((piece) => piece.length)).toEqual([2, 1, 1]);
    expect(learningCurve(JSON.parse(JSON.stringify(broken)))).toBe(learningCurve(broken));
  });

  it('takes a single report, and costs that are all the same', () => {
    const one = parseSvg(learningCurve([{ epoch: 7, cost: 0.5 }]));
    expect(textsOf(one)).toContain('7');
    expect(elementsOf(one, 'circle').length).toBe(1);
    for (const cost of [0, 3, -3, 1e-7, 1e9]) {
      const root = parseSvg(learningCurve(from(3, (epoch) => ({ epoch, cost }))));
      const y = readAxis(root, 'y');
      const [points] = piecesOf(curvesOf(root)[0]);
      expect(Math.abs(y(points[1][1]) - cost)).toBeLessThan(0.01 * (Math.abs(cost) || 1));
    }
  });

  it('keeps the peaks of a long training in a small picture', () => {
    const long = from(100_000, (epoch) => ({ epoch, cost: epoch === 54_321 ? 9 : 1 + (epoch % 7) / 10 }));
    const svg = learningCurve(long);
    expect(svg.length).toBeLessThan(40_000);
    const root = parseSvg(svg);
    const y = readAxis(root, 'y');
    const [points] = piecesOf(curvesOf(root)[0]);
    expect(Math.max(...points.map(([, pixel]) => y(pixel)))).toBeCloseTo(9, 1);
    expect(Math.min(...points.map(([, pixel]) => y(pixel)))).toBeCloseTo(1, 1);
  });

  it('takes the history of a training, and its JSON', async () => {
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1 }], seed: 1 });
    const data = { inputs: from(20, (i) => i / 20), targets: from(20, (i) => Number(i > 9)) };
    const history = await net.fit(data, { epochs: 8, validationSplit: 0.25 });
    const svg = learningCurve(history);
    expect(piecesOf(curvesOf(parseSvg(svg))[1])[0].length).toBe(8);
    expect(learningCurve(JSON.parse(JSON.stringify(history)))).toBe(svg);
  });

  test.each<[string, unknown, unknown, string]>([
    ['no reports', [], {}, 'reports: got none, want one report or more'],
    ['a number', 1, {}, 'reports: got 1, want the History that fit returns, or an array'],
    ['a report without an epoch', [{ cost: 1 }], {}, 'reports[0].epoch: got undefined, want a finite number'],
    ['null as a report', [null], {}, 'reports[0]: got null, want a report on an epoch'],
    ['no finite cost', [{ epoch: 0, cost: Number.NaN }], {}, 'reports: got no finite cost, want one or more'],
    ['a metric that is not there', reports, { metric: 'r2' }, 'options.metric: got "r2", want a metric that the val'],
    ['a metric of Object', reports, { metric: 'toString' }, 'options.metric: got "toString", want a metric that'],
    ['log of 0', [{ epoch: 0, cost: 0 }], { scale: 'log' }, 'options.scale: got "log" for the value 0, want "linear"'],
    ['another scale', reports, { scale: 'sqrt' }, 'options.scale: got "sqrt", want one of auto, linear, log'],
    ['a narrow picture', reports, { width: 100 }, 'options.width: got 100, want an integer from 240 to 4000'],
    ['another theme', reports, { theme: 'blue' }, 'options.theme: got "blue", want one of auto, light, dark'],
    ['a title that is no text', reports, { title: 1 }, 'options.title: got 1, want a text'],
    ['an unknown option', reports, { color: 'red' }, 'options: got the unknown key "color", want title, width, theme'],
  ])('refuses %s', (_, wrong, options, message) => {
    expect(() => learningCurve(wrong as never, options as never)).toThrow(message);
  });
});

describe('confusionMatrix', () => {
  const confusion = [
    [8, 2, 0],
    [0, 5, 0],
    [1, 0, 9],
  ];
  const classes = ['adelie', 'chinstrap', 'gentoo'];

  it('has each count in the row of its true class and the column of its prediction', () => {
    const root = parseSvg(confusionMatrix(confusion, { classes }));
    const place = (text: string, anchor: string) =>
      elementsOf(root, 'text').find((it) => it.text === text && it.attributes['text-anchor'] === anchor)?.attributes;
    for (const [row, counts] of confusion.entries()) {
      for (const [column, count] of counts.entries()) {
        if (count === 0) continue;
        const title = `true ${classes[row]}, predicted ${classes[column]}: ${count}`;
        const cell = elementsOf(root, 'g').find((it) => titlesOf(it)[0].startsWith(title)) as SvgElement;
        const [number] = elementsOf(cell, 'text');
        expect(number.text).toBe(String(count));
        expect(Number(number.attributes.x)).toBeCloseTo(Number(place(classes[column], 'middle')?.x), 1);
        expect(Math.abs(Number(number.attributes.y) - Number(place(classes[row], 'end')?.y))).toBeLessThan(2);
        const [rect] = elementsOf(cell, 'rect');
        expect(rect.attributes.class).toContain(row === column ? 'right' : 'wrong');
      }
    }
    expect(titlesOf(root).length).toBe(5);
    expect(titlesOf(root)).toContain('true adelie, predicted chinstrap: 2 (20 %)');
    expect(root.attributes['aria-label']).toBe(
      'Confusion matrix: 3 classes, 22 of 25 samples (88 %) predicted correctly',
    );
  });

  it('takes an evaluation, with the names that it may have', async () => {
    const net = await createNetwork({ inputs: 1, layers: [{ units: 2, activation: 'softmax' }], seed: 1 });
    const evaluation = await net.evaluate({ inputs: [[0], [1], [2]], targets: [0, 1, 1] });
    expect(confusionMatrix(evaluation)).toBe(confusionMatrix(evaluation.confusion as Uint32Array[]));
    const named = parseSvg(confusionMatrix({ ...evaluation, classes: ['no', 'yes'] }));
    expect(textsOf(named)).toContain('yes');
    const numbers = await createNetwork({ inputs: 1, layers: [{ units: 1, activation: 'linear' }] });
    const errors = await numbers.evaluate({ inputs: [[0], [1], [2]], targets: [0.5, 1, 1] });
    expect(() => confusionMatrix(errors as never)).toThrow(
      'evaluation: got one of a network that learns numbers, want the evaluation of a network that learns classes',
    );
  });

  it('shows shares where counts have no room, and leaves empty classes empty', () => {
    const many = from(20, (i) => from(20, (j) => (i === 3 ? 0 : i === j ? 90_000 : j === 3 ? 10_000 : 0)));
    const root = parseSvg(confusionMatrix(many, { width: 360 }));
    expect(textsOf(root).filter((text) => text === '90').length).toBe(19);
    expect(textsOf(root).filter((text) => text === '10').length).toBe(19 + 2); // two more are names of class 10
    expect(textsOf(root).join(' ')).toContain('Numbers: % of the true class');
    expect(titlesOf(root)[0]).toBe('true 0, predicted 0: 90000 (90 %)');
    const shares = parseSvg(confusionMatrix(confusion, { cells: 'shares' }));
    expect(textsOf(shares)).toContain('80');
  });

  test.each<[string, unknown, unknown, string]>([
    ['nothing', undefined, {}, 'evaluation: got undefined, want the evaluation of a network that learns classes'],
    ['too many outputs', { task: 'classes' }, {}, 'evaluation: got no confusion matrix, want at most 256 outputs'],
    ['an empty matrix', [], {}, 'evaluation.confusion: got 0 rows, want 1 to 256'],
    ['a ragged matrix', [[1, 2], [3]], {}, 'evaluation.confusion[1]: got 1 count, want 2, as many as there are rows'],
    ['a share', [[0.5]], {}, 'evaluation.confusion[0][0]: got 0.5, want a count'],
    ['too few names', confusion, { classes: ['a'] }, 'options.classes: got 1 name, want 3, one for each class'],
    ['a name that is none', [[1]], { classes: [1] }, 'options.classes[0]: got 1, want a name'],
    ['other cells', [[1]], { cells: 'x' }, 'options.cells: got "x", want one of counts, shares'],
  ])('refuses %s', (_, wrong, options, message) => {
    expect(() => confusionMatrix(wrong as never, options as never)).toThrow(message);
  });
});

describe('rocCurve', () => {
  it('draws the corners of the curve', () => {
    // scikit-learn's example: roc_curve gives these corners, roc_auc_score 0.75
    const root = parseSvg(rocCurve([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]));
    const [x, y] = [readAxis(root, 'x'), readAxis(root, 'y')];
    const [points] = piecesOf(curvesOf(root).at(-1) as SvgElement);
    const read = points.map((point) => [x(point[0]), y(point[1])].map((value) => Math.round(value * 100) / 100));
    expect(read.flat()).toEqual([0, 0, 0, 0.5, 0.5, 0.5, 0.5, 1, 1, 1]);
    expect(root.attributes['aria-label']).toBe('ROC curve: area under the curve: class 1: 0.75');
  });

  it('has the area that evaluate computes, with equal scores too', async () => {
    const net = await createNetwork({ inputs: 1, layers: [{ units: 3, activation: 'softmax' }], seed: 4 });
    const inputs = from(60, (i) => [(i * 7) % 5]);
    const targets = from(60, (i) => (i * i) % 3 === 0 ? 0 : (i % 2) + 1); // biome-ignore format: one line
    const { rocAuc } = await net.evaluate({ inputs, targets }, { rocAuc: true });
    const label = parseSvg(rocCurve(net.predict(inputs), targets)).attributes['aria-label'];
    const areas = numbersOf(label.replaceAll(/class \d/g, ''));
    expect(areas.length).toBe(3);
    expect(areas.reduce((sum, area) => sum + area) / 3).toBeCloseTo(rocAuc as number, 3);
  });

  it('takes names, and says which classes have no samples', () => {
    const scores = [0.6, 0.3, 0.1, 0.2, 0.7, 0.1];
    const root = parseSvg(rocCurve(scores, ['a', 'b'], { classes: ['a', 'b', 'c'] }));
    expect(textsOf(root)).toEqual(expect.arrayContaining(['a: 1', 'b: 1']));
    expect(textsOf(root)).toContain('1 of 3 classes has no samples and no curve.');
  });

  it('thins the curve of many samples', () => {
    const svg = rocCurve(
      from(200_000, (i) => Math.sin(i) + (i % 2)),
      from(200_000, (i) => i % 2),
    );
    expect(svg.length).toBeLessThan(40_000);
  });

  test.each<[string, unknown, unknown, unknown, string]>([
    ['one class alone', [0.1, 0.2], [1, 1], {}, 'targets: got samples of one class alone, want samples of two classes'],
    ['no targets', [0.1, 0.2], undefined, {}, 'targets: got undefined, want an array of the class of each sample'],
    ['no outputs', undefined, [1], {}, 'outputs: got undefined, want the outputs that predict returns'],
    [
      'odd numbers',
      [0.1, 0.2, 0.3],
      [1, 0],
      {},
      'outputs: got 3 numbers for 2 targets, want the same number of outputs',
    ],
    ['NaN', [0.1, Number.NaN], [1, 0], {}, 'outputs[1]: got NaN, want a number'],
    ['a class that is too large', [0.1, 0.2], [1, 2], {}, 'targets[1]: got 2, want a class from 0 to 1'],
    ['names without classes', [0.1, 0.2], ['a', 'b'], {}, 'targets[0]: got "a", want a class from 0 to 1'],
    ['21 classes', from(42, () => 0), [1, 0], {}, 'outputs: got 21 classes, want at most 20'],
  ])('refuses %s', (_, outputs, targets, options, message) => {
    expect(() => rocCurve(outputs as never, targets as never, options as never)).toThrow(message);
  });
});

describe('importance', () => {
  const columns = [
    { column: 'mass', importance: 0.1, deviation: 0.02 },
    { column: 'bill', importance: 0.4 },
    { column: 'noise', importance: -0.05, deviation: 0 },
  ];

  it('has a bar for each column, as long as its importance, the largest first', () => {
    const root = parseSvg(importance(columns, { metric: 'labelAccuracy' }));
    const bars = elementsOf(root, 'rect').filter((bar) => bar.children.length > 0);
    expect(titlesOf(root)).toEqual(['bill: 0.4', 'mass: 0.1 ± 0.02', 'noise: -0.05 ± 0']);
    const widths = bars.map(({ attributes }) => Number(attributes.width));
    expect(widths[0] / widths[1]).toBeCloseTo(4, 1);
    expect(widths[2] / widths[1]).toBeCloseTo(0.5, 1);
    // the bar of the negative number ends where the other bars begin
    const starts = bars.map(({ attributes }) => Number(attributes.x));
    expect(starts[2] + widths[2]).toBeCloseTo(starts[0], 1);
    const [whisker] = elementsOf(root, 'path');
    const [low, , high] = numbersOf(whisker.attributes.d);
    expect((high - low) / widths[1]).toBeCloseTo(0.4, 1);
    expect(textsOf(root).join(' ')).toContain('How much worse the label accuracy is');
  });

  it('leaves out the least important of many columns, and says so', () => {
    const many = from(30, (i) => ({ column: `c${i}`, importance: i }));
    const root = parseSvg(importance(many, { most: 4 }));
    expect(titlesOf(root)).toEqual(['c29: 29', 'c28: 28', 'c27: 27', 'c26: 26']);
    expect(textsOf(root)).toContain('and 26 more columns');
    expect(() => parseSvg(importance([{ column: 'x', importance: 0 }]))).not.toThrow();
  });

  test.each<[string, unknown, unknown, string]>([
    ['a number', 1, {}, 'columns: got 1, want an array of { column, importance }'],
    ['none', [], {}, 'columns: got none, want one column or more'],
    ['a column without a name', [{ importance: 1 }], {}, 'columns[0].column: got undefined, want a name'],
    ['NaN', [{ column: 'a', importance: Number.NaN }], {}, 'columns[0].importance: got NaN, want a finite number'],
    ['no bars', columns, { most: 0 }, 'options.most: got 0, want an integer from 1 to 200'],
  ])('refuses %s', (_, wrong, options, message) => {
    expect(() => importance(wrong as never, options as never)).toThrow(message);
  });
});

const WIDTHS = [240, 360, 420, 700];

/** Every chart with these names, at a width. */
function charts(names: readonly string[], width: number): [string, string][] {
  const n = names.length;
  const options = { classes: names, width };
  const confusion = (scale: number) => from(n, (i) => from(n, (j) => (i === j ? 9 * scale : (i * j) % 3) * scale));
  const targets = from(3 * n, (i) => i % n);
  const outputs = targets.flatMap((target, i) =>
    from(n, (k) => (k === target ? 0.2 : 0) + ((i * 7 + k * 3) % 11) / 11),
  );
  const columns = names.map((column, i) => ({ column, importance: 1 / (i + 1) - 0.2, deviation: 0.1 }));
  return [
    ['confusion matrix', confusionMatrix(confusion(1), options)],
    ['confusion matrix of large counts', confusionMatrix(confusion(1000), options)],
    ['ROC curve', rocCurve(outputs, targets, options)],
    ['importance', importance(columns, { width })],
    ['learning curve', learningCurve([{ epoch: 0, cost: 1 }], { title: names.join(' '), unit: names[0], width })],
  ];
}

describe('names', () => {
  it('are escaped, whatever they contain', () => {
    for (const [chart, svg] of charts(HOSTILE, 420)) {
      const root = parseSvg(svg);
      expect(elementsOf(root, 'script').length + elementsOf(root, 'img').length, chart).toBe(0);
      const known = ['style', 'rect', 'text', 'line', 'path', 'circle', 'g', 'title'];
      const names = new Set(svg.match(/<[a-z]+/g)?.map((tag) => tag.slice(1)));
      expect(
        [...names].filter((name) => name !== 'svg' && !known.includes(name)),
        chart,
      ).toEqual([]);
      expect(svg, chart).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202e]/u);
      expect(Object.keys(root.attributes), chart).not.toContain('onload');
    }
    const root = parseSvg(charts(HOSTILE, 700)[3][1]);
    expect(textsOf(root)).toContain('\\u{202e}gnp.exe');
  });

  it('keep joined characters of scripts and emoji', () => {
    const names = ['می\u200cخواهم', '👩\u200d🚀'];
    const root = parseSvg(importance(names.map((column) => ({ column, importance: 1 }))));
    expect(textsOf(root)).toEqual(expect.arrayContaining(names));
  });
});

/** The boxes of all texts. */
function boxesOf(root: SvgElement): { text: string; box: readonly [number, number, number, number] }[] {
  return elementsOf(root, 'text').map(({ text, attributes }) => {
    const size = Number(attributes['font-size'] ?? 12);
    const width = widthOf(text, size);
    const turned = attributes.transform && numbersOf(attributes.transform);
    if (turned) return { text, box: [turned[0] - 0.8 * size, turned[1], turned[0] + 0.2 * size, turned[1] + width] };
    const [x, y] = [Number(attributes.x), Number(attributes.y)];
    const left = { start: x, middle: x - width / 2, end: x - width }[attributes['text-anchor'] ?? 'start'] as number;
    return { text, box: [left, y - 0.8 * size, left + width, y + 0.2 * size] };
  });
}

test.each(WIDTHS)('at %i pixels, with 2 to 20 classes, no text touches another or leaves the picture', (width) => {
  const kinds: readonly ((i: number) => string)[] = [
    (i) => `class ${i}`,
    (i) => `A rather long name of a class, as they occur, number ${i}`,
    (i) => 'W'.repeat(10 + i),
    (i) => `長い日本語のクラス名${i}`,
  ];
  for (const kind of kinds) {
    for (const count of [2, 3, 7, 10, 20]) {
      for (const [chart, svg] of charts(from(count, kind), width)) {
        const root = parseSvg(svg);
        expect(faultsOf(boxesOf(root), width, Number(root.attributes.height)), `${chart} of ${count}`).toEqual([]);
      }
    }
  }
});

/** The texts that reach beyond the picture, and the pairs of texts that overlap. */
function faultsOf(texts: ReturnType<typeof boxesOf>, width: number, height: number): string[] {
  const outside = texts.filter(({ box }) => Math.min(box[0], box[1]) < 0 || box[2] > width + 0.5 || box[3] > height);
  const overlaps = texts.flatMap(({ text, box }, i) =>
    texts.slice(0, i).flatMap((other) => {
      const across = Math.min(box[2], other.box[2]) - Math.max(box[0], other.box[0]);
      const down = Math.min(box[3], other.box[3]) - Math.max(box[1], other.box[1]);
      return across > 0.5 && down > 0.5 ? [`${text} overlaps ${other.text}`] : [];
    }),
  );
  return [...outside.map(({ text }) => text), ...overlaps];
}

describe('every chart', () => {
  const all = (options: object) => [
    learningCurve([{ epoch: 0, cost: 1 }], options),
    confusionMatrix([[1]], options),
    rocCurve([0, 1], [0, 1], options),
    importance([{ column: 'a', importance: 1 }], options),
  ];

  it('is a picture with a text for screen readers', () => {
    for (const svg of all({ title: 'My "title"' })) {
      const { name, attributes } = parseSvg(svg);
      expect(name).toBe('svg');
      expect(attributes.role).toBe('img');
      expect(attributes['aria-label']).toMatch(/^My "title": ./);
      expect(attributes.xmlns).toBe('http://www.w3.org/2000/svg');
    }
    for (const svg of all({ title: '' })) expect(parseSvg(svg).attributes['aria-label']).not.toMatch(/^:|^$/);
  });

  it('is light and dark as the reader prefers, or as the option says', () => {
    const styleOf = (svg: string) => elementsOf(parseSvg(svg), 'style')[0].text;
    const paperOf = (svg: string) => elementsOf(parseSvg(svg), 'rect')[0].attributes.fill;
    for (const svg of all({})) {
      expect(styleOf(svg)).toContain('@media(prefers-color-scheme:dark)');
      expect(styleOf(svg)).toContain('var(--chart-paper,#ffffff)');
      expect(paperOf(svg)).toBe('#ffffff');
    }
    for (const svg of all({ theme: 'dark' })) {
      expect(styleOf(svg)).not.toContain('@media');
      expect(paperOf(svg)).toBe('#0d1117');
    }
    for (const svg of all({ theme: 'light' })) expect(styleOf(svg)).not.toContain('#0d1117');
  });

  it('has the width that was asked for, and shrinks in a narrower page', () => {
    for (const svg of all({ width: 333 })) {
      const { attributes } = parseSvg(svg);
      expect(attributes.width).toBe('333');
      expect(attributes.viewBox).toBe(`0 0 333 ${attributes.height}`);
      expect(attributes.style).toBe('max-width:100%;height:auto');
    }
  });
});
