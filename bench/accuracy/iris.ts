/**
 * Species of iris from four lengths, by ten-fold cross-validation.
 *
 * npx tsx bench/accuracy/iris.ts [--json]
 */

import { classifyTable } from './classify-table.ts';
import { readTable } from './tables.ts';

await classifyTable({
  subject: 'iris',
  table: await readTable('iris/iris.csv'),
  numbers: ['sepal_length', 'sepal_width', 'petal_length', 'petal_width'],
  label: 'species',
  target: 0.95,
});
