// A page that draws charts of many classes with long names, and measures their texts as the browser shows them. The
// library draws charts from estimates of the widths of texts; this page shows whether the estimates hold.

export const CHART_PAGE = {
  text: `
    import { confusionMatrix, importance, learningCurve, rocCurve } from '/simdprop/dist/charts.js';

    const NAMES = [
      (i) => 'class ' + i,
      (i) => 'A rather long name of a class, as they occur, number ' + i,
      (i) => 'W'.repeat(10 + i),
      (i) => '長い日本語のクラス名' + i,
      (i) => 'Ω≈ç√∫˜µ≤≥÷ щжюя ' + i,
      (i) => '👩\\u200d🚀'.repeat(6) + i,
    ];
    const from = (length, value) => Array.from({ length }, (_, i) => value(i));

    function charts(classes, width) {
      const n = classes.length;
      const targets = from(3 * n, (i) => i % n);
      const scores = targets.flatMap((target, i) => from(n, (k) => (k === target ? 0.2 : 0) + ((i * 7 + k * 3) % 11) / 11));
      const counts = (scale) => from(n, (i) => from(n, (j) => (i === j ? 9 : (i * j) % 3) * scale));
      const columns = classes.map((column, i) => ({ column, importance: 1 / (i + 1) - 0.2, deviation: 0.1 }));
      const reports = from(50, (epoch) => ({ epoch, cost: 10 ** (3 - epoch / 10), validation: { cost: 1 } }));
      return [
        confusionMatrix(counts(1), { classes, width }),
        confusionMatrix(counts(1000), { classes, width }),
        rocCurve(scores, targets, { classes, width }),
        importance(columns, { width }),
        learningCurve(reports, { title: classes.join(' '), unit: classes[0], width }),
      ];
    }

    /** Texts outside the picture, and pairs that overlap by more than the blank above and below letters. */
    function faultsOf(svg) {
      const picture = svg.getBoundingClientRect();
      const texts = [...svg.querySelectorAll('text')].map((text) => [text.textContent, text.getBoundingClientRect()]);
      const outside = texts.filter(([, box]) => box.left < picture.left - 1 || box.right > picture.right + 1);
      const overlaps = texts.flatMap(([text, a], i) =>
        texts.slice(0, i).flatMap(([other, b]) => {
          const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
          const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
          // names below a matrix are rotated
          const [along, through] = a.height > a.width && b.height > b.width ? [down, across] : [across, down];
          return along > 1 && through > 4 ? [text + ' overlaps ' + other] : [];
        }),
      );
      return [...outside.map(([text]) => text + ' is outside'), ...overlaps];
    }

    report(async () => {
      const holder = document.createElement('div');
      holder.style.width = '800px';
      document.body.append(holder);
      for (const name of NAMES) {
        for (const count of [2, 3, 10, 20]) {
          for (const width of [240, 360, 420, 700]) {
            for (const chart of charts(from(count, name), width)) {
              holder.innerHTML = chart;
              const svg = holder.firstElementChild;
              const [fault] = faultsOf(svg);
              if (fault) throw new Error(svg.getAttribute('aria-label').slice(0, 40) + ', ' + width + ' pixels: ' + fault);
            }
          }
        }
      }
      return [];
    });
  `,
};
