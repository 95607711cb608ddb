import type { Table, TableModel } from 'simdprop/tabular';
import { messageOf } from '../model/message.js';
import {
  factsOf,
  loadWriters,
  readTable,
  type TableNews,
  type TableOrder,
  trainOn,
  write,
} from '../model/table-training.js';

// Does the work of the page of tables, one order after the other.

let table: Table | undefined;
let model: TableModel | undefined;
/** Counts the orders for a table or a training. Of those before the newest, nobody waits for the result. */
let newest = 0;
/** Trainings up to this order end at their next epoch. */
let stopped = 0;

const tell = (news: TableNews) => postMessage(news);

async function train(target: string, order: number): Promise<void> {
  if (!table) return;
  const started = performance.now();
  const trained = await trainOn(table, target, {
    epoch: (epoch) => {
      tell({ kind: 'epoch', epoch });
      return order === newest && order > stopped;
    },
    measures: () => {
      if (order === newest) tell({ kind: 'measures' });
      return order === newest;
    },
  });
  model?.dispose();
  model = trained.model;
  if (!trained.measured || order !== newest) return;
  tell({ kind: 'trained', measured: trained.measured, seconds: (performance.now() - started) / 1000 });
  // saving loads code too
  await Promise.allSettled([loadWriters(), model.save()]);
}

async function follow(given: TableOrder, order: number): Promise<void> {
  try {
    if (given.kind === 'read') {
      table = readTable(given.text);
      tell({ kind: 'table', facts: factsOf(table) });
    } else if (given.kind === 'train') await train(given.target, order);
    else if (given.kind === 'write' && model) {
      tell({ kind: 'file', format: given.format, content: await write(model, given.format) });
    }
  } catch (error) {
    if (order === newest) tell({ kind: 'error', message: messageOf(error) });
  }
}

let last = Promise.resolve();

addEventListener('message', ({ data }: MessageEvent<TableOrder>) => {
  if (data.kind === 'stop') stopped = newest;
  else if (data.kind !== 'write') newest++;
  const order = newest;
  last = last.then(() => follow(data, order));
});
