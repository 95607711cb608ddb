import assert from 'node:assert/strict';
import { Table, TableModel } from 'simdprop/tabular';

// In Node, simdprop itself reads the core from its file. Without it, the core is imported and inflated, as in a page.

const rows = Table.fromCsv('x,y\n1,a\n2,a\n3,a\n7,b\n8,b\n9,b\n');
const model = await TableModel.fit(rows, { target: 'y' });
assert.equal(model.predict({ x: 9 }).value, 'b');
