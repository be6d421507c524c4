/**
 * Species of penguin from island, sex and four measures, by ten-fold cross-validation.
 *
 * npx tsx bench/accuracy/penguins.ts [--json]
 */

import { classifyTable } from './classify-table.ts';
import { readTable } from './tables.ts';

await classifyTable({
  subject: 'penguins',
  table: await readTable('penguins/penguins.csv'),
  numbers: ['bill_length_mm', 'bill_depth_mm', 'flipper_length_mm', 'body_mass_g'],
  categories: ['island', 'sex'],
  label: 'species',
  target: 0.97,
});
