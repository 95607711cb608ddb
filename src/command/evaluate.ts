import { importance } from '../charts.js';
import { counted, quote } from '../check/errors.js';
import { DATA_FLAGS, kindsForModel, nameOf, readForModel, readingLike, readingOf, readTable } from './data-flags.js';
import { EXIT, UsageError } from './failure.js';
import { type Arguments, type Flags, numberOf, textOf } from './flags.js';
import type { Usage } from './help.js';
import { Messages } from './messages.js';
import { loadModel } from './model-file.js';
import { evaluationLines, importanceLines, leftOut, plain } from './report.js';
import { checkConfusion, checkOutputs, saveConfusion, saveText } from './save.js';
import { columnsOf, type Terminal, write } from './terminal.js';

// simdprop evaluate

const FLAGS: Flags = {
  threshold: { value: 'NUMBER', help: 'class 1 of two, or a label, is predicted above this probability' },
  importance: { help: 'measures how much each column helps' },
  'plot-confusion': { value: 'FILE', help: 'writes the confusion matrix as SVG' },
  'plot-importance': { value: 'FILE', help: 'writes the importance of the columns as SVG' },
  json: { help: 'prints the results as JSON' },
  ...DATA_FLAGS,
};

export const EVALUATE: Usage = {
  usage: '<model> <data.csv>',
  summary: 'Measures a model on a CSV file that has the target columns.',
  flags: FLAGS,
  examples: ['simdprop evaluate iris.simdprop test.csv --plot-confusion confusion.svg'],
};

export async function evaluate({ given, operands }: Arguments, terminal: Terminal): Promise<number> {
  if (operands.length !== 2)
    throw new UsageError(`evaluate: got ${counted(operands.length, 'file')}, want a model and a CSV file`);
  const [modelPath, path] = operands;
  const threshold = numberOf(given, 'threshold', 0, 1);
  const reading = readingOf(given, nameOf(path));
  checkOutputs(given, ['plot-confusion', 'plot-importance'], operands);
  const messages = new Messages(terminal, false);
  const model = await loadModel(modelPath);
  try {
    checkConfusion(textOf(given, 'plot-confusion'), model.task);
    const kinds = kindsForModel(model.encoder.kinds, reading.kinds);
    const read = () => readTable(path, { ...readingLike(model.encoder, reading), kinds, others: 'ignored' }, terminal);
    const whole = await readForModel(nameOf(path), given, read);
    const table = whole.withoutMissing(model.targets);
    if (table.rows < whole.rows) {
      const left = whole.rows - table.rows;
      messages.line(leftOut(left, whole.rows));
    }
    if (table.rows === 0)
      throw new Error(`${nameOf(path)}: got no row with a value in ${quote(model.targets.join(', '))}`);
    const evaluation = await model.evaluate(table, { threshold });
    const confusionPath = textOf(given, 'plot-confusion');
    if (confusionPath !== undefined) saveConfusion(confusionPath, evaluation, messages);
    const importancePath = textOf(given, 'plot-importance');
    const columns = given.importance || importancePath !== undefined ? await model.importance(table) : undefined;
    if (importancePath !== undefined && columns) saveText(importancePath, importance(columns, { width: 640 }));
    if (given.json) {
      await write(terminal.out, `${JSON.stringify({ ...plain(evaluation), importance: columns }, null, 2)}\n`);
    } else {
      const width = columnsOf(terminal.out);
      const lines = [
        ...evaluationLines(evaluation, width),
        ...(columns ? ['', ...importanceLines(columns, width)] : []),
      ];
      await write(terminal.out, `${lines.join('\n')}\n`);
    }
  } finally {
    model.dispose();
  }
  return EXIT.done;
}
