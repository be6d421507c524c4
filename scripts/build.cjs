// Compiles src to dist: tsc emits the ES modules, then the CommonJS shim is written beside them. The ES modules are
// the only implementation; `require` loads the same ones (Node 20.19 and later can), so that there is one generator
// and one Tensor class however the package is reached.

'use strict';

const { spawnSync } = require('node:child_process');
const { chmodSync, copyFileSync, existsSync, readdirSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const dist = join(root, 'dist');

/** What an earlier build left of sources that are gone. */
function dropStale() {
  if (!existsSync(dist)) return;
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const folder = entry.parentPath.replace(dist, join(root, 'src'));
    const source = entry.name.replace(/(\.d\.c?ts|\.c?js)$/, '.ts');
    if (!existsSync(join(folder, source))) rmSync(join(entry.parentPath, entry.name));
  }
}

dropStale();
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const run = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.json')], { stdio: 'inherit' });
if (run.status !== 0) {
  process.exitCode = run.status ?? 1;
} else {
  writeFileSync(join(dist, 'index.cjs'), "module.exports = require('./index.js');\n");
  copyFileSync(join(dist, 'index.d.ts'), join(dist, 'index.d.cts'));
  // npm does so for those who install the package; `npx lanegrad` in this folder runs the file as it lies here.
  chmodSync(join(dist, 'cli', 'main.js'), 0o755);
}
