// Compiles the addon when the package is installed, and never fails an install: without it the package runs on
// TypeScript. Plain CommonJS without dependencies of its own, because it runs before anything is built.
//
//   node scripts/install.cjs              exit 0 always; what went wrong stands in build/install-status.json
//   node scripts/install.cjs --require    exit 1 if there is no loadable addon in the end (`npm run build`)
//   node scripts/install.cjs --force      compile although the addon is up to date

'use strict';

const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { dirname, join, relative, sep } = require('node:path');

const root = join(__dirname, '..');
const addonPath = join(root, 'build', 'Release', 'lanegrad.node');
const statusPath = join(root, 'build', 'install-status.json');
const required = process.argv.includes('--require');
const forced = process.argv.includes('--force') || process.env.npm_config_build_from_source === 'true';
const LOG_TAIL = 4000;

function say(text) {
  process.stdout.write(`lanegrad: ${text}\n`);
}

/** Loads the addon in a process of its own: one that is broken may take the process with it. */
function loads(path) {
  if (!existsSync(path)) return false;
  const run = spawnSync(process.execPath, ['-e', 'require(process.argv[1]).info()', path], { stdio: 'ignore' });
  return run.status === 0;
}

function prebuilds() {
  const folder = join(root, 'prebuilds');
  const name = `${process.platform}-${process.arch}`;
  const musl = process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime;
  return [join(folder, musl ? `${name}-musl` : name, 'lanegrad.node')];
}

/** One hash over everything that the addon is made of. */
function sourceHash() {
  const { CC = '', CXX = '' } = process.env;
  const hash = createHash('sha256').update(
    `${[process.versions.modules, process.platform, process.arch, CC, CXX].join(' ')}\n`,
  );
  const folders = ['core', 'simd', 'kernels', 'binding'].map((name) => join(root, 'native', name));
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true })
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).isFile()),
  );
  files.push(join(root, 'binding.gyp'), join(root, 'native', 'sources.json'), join(root, 'package.json'));
  for (const file of files.sort()) {
    // Of package.json the version alone goes into the addon.
    const text = file.endsWith('package.json') ? require(file).version : readFileSync(file);
    hash.update(`${relative(root, file).split(sep).join('/')}\n`).update(text);
  }
  return hash.digest('hex');
}

function readStatus() {
  try {
    return JSON.parse(readFileSync(statusPath, 'utf8'));
  } catch {
    return null;
  }
}

function writeStatus(status) {
  try {
    mkdirSync(dirname(statusPath), { recursive: true });
    writeFileSync(statusPath, `${JSON.stringify(status, null, 2)}\n`);
  } catch {
    // A read-only package folder: the loader then says that the addon was never built, which is true.
  }
}

/** node-gyp: the one npm names to install scripts, else an installed one, else the one inside the npm beside Node. */
function findNodeGyp() {
  const fromNpm = process.env.npm_config_node_gyp;
  if (fromNpm && existsSync(fromNpm)) return fromNpm;
  try {
    return require.resolve('node-gyp/bin/node-gyp.js', { paths: [root] });
  } catch {
    const bin = dirname(process.execPath);
    const inNpm = join('node_modules', 'npm', 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
    return [join(dirname(bin), 'lib', inNpm), join(bin, inNpm)].find(existsSync) ?? null;
  }
}

/** Headers beside the running Node save a download, and are surely its own. */
function nodedirArgument() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

/** What stopped a build, in one line. */
function reasonFrom(log, run) {
  if (run.error) return `node-gyp could not be started: ${run.error.message}`;
  const lines = log.split('\n');
  const known = [
    [/Could not find any Python/i, 'Python, which node-gyp needs, was not found'],
    [/not found: make|make: not found|spawn make ENOENT/i, 'make was not found'],
    [/Could not find any Visual Studio/i, 'no Visual Studio with C++ was found'],
    [/(getaddrinfo|ENOTFOUND|ECONNREFUSED|ETIMEDOUT).*/, "Node's headers could not be downloaded"],
    [/(g\+\+|c\+\+|clang\+\+|cc): (command )?not found/i, 'no C++ compiler was found'],
  ];
  for (const [pattern, reason] of known) if (pattern.test(log)) return reason;
  const error = lines.find((line) => /\berror:/.test(line)) ?? lines.find((line) => /\*\*\* .*Error \d+/.test(line));
  return `the compiler failed${error ? `: ${error.trim().slice(0, 200)}` : ''}`;
}

/** Why there is no addon now, or null. */
function compile() {
  const hash = sourceHash();
  const before = readStatus();
  if (!forced && before?.ok === true && before.sources === hash && loads(addonPath)) {
    say('the native addon is up to date');
    return null;
  }
  const nodeGyp = findNodeGyp();
  if (nodeGyp === null) return { reason: 'node-gyp was not found', log: '' };

  say('compiling the native addon');
  // Dropped first, so that a failed build leaves no addon of older sources behind to be taken for a new one.
  rmSync(addonPath, { force: true });
  const args = [nodeGyp, 'rebuild', '-j', 'max', ...nodedirArgument()];
  const run = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28, stdio: 'pipe' });
  const log = `${run.stdout ?? ''}${run.stderr ?? ''}`;
  if (run.error || run.status !== 0) return { reason: reasonFrom(log, run), log };
  if (!loads(addonPath)) return { reason: 'the compiled addon does not load', log };
  writeStatus({ ok: true, sources: hash });
  say('the native addon is built');
  return null;
}

function main() {
  if (!forced && prebuilds().some(loads)) return null;
  if (process.env.LANEGRAD_SKIP_BUILD === '1') {
    if (loads(addonPath)) return null;
    return { reason: 'compiling was skipped by LANEGRAD_SKIP_BUILD=1', log: '' };
  }
  return compile();
}

let failure;
try {
  failure = main();
} catch (error) {
  failure = { reason: error.message, log: error.stack };
}
if (failure !== null) {
  writeStatus({ ok: false, reason: failure.reason, log: failure.log.slice(-LOG_TAIL) });
  say(
    `no native addon: ${failure.reason}; the package runs on TypeScript (log: ${relative(process.cwd(), statusPath)})`,
  );
  if (required) {
    process.stderr.write(`${failure.log.slice(-LOG_TAIL)}\n`);
    process.exitCode = 1;
  }
}
