/** The package as a user gets it: packed, unpacked into a project of its own, its dependencies linked. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = fileURLToPath(new URL('../..', import.meta.url));

interface Packed {
  readonly filename: string;
  /** Bytes of the tarball. */
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/** @throws Error  if `dist` was compiled from older sources: these tests look at what would be published */
function checkBuilt(): void {
  const built = join(root, 'dist', 'index.cjs');
  const sources = (readdirSync(join(root, 'src'), { recursive: true }) as string[]).map((name) =>
    join(root, 'src', name),
  );
  const newest = Math.max(...sources.map((path) => statSync(path).mtimeMs));
  if (existsSync(built) && statSync(built).mtimeMs >= newest) return;
  throw new Error('dist is missing or older than src: run `npm run build:ts`, as `npm test` does');
}

/** Packs what stands here into `folder`. */
export function pack(folder: string): Packed {
  checkBuilt();
  const run = spawnSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (run.status !== 0) throw new Error(`npm pack: ${run.stderr}`);
  return (JSON.parse(run.stdout) as Packed[])[0];
}

/** A project that has the package of `tarball` in its node_modules, unpacked and not built. */
export function makeProject(tarball: string): { project: string; installed: string } {
  const project = mkdtempSync(join(tmpdir(), 'lanegrad-project-'));
  const modules = join(project, 'node_modules');
  const installed = join(modules, 'lanegrad');
  mkdirSync(installed, { recursive: true });
  const run = spawnSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`tar: ${run.stderr}`);
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of [...Object.keys(dependencies), '@types']) {
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'junction');
  }
  return { project, installed };
}

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  /** Without its empty lines. */
  readonly stderr: readonly string[];
}

/** Runs Node in a folder, under an environment that says nothing of a backend but what `env` says. */
export function runNode(folder: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Outcome {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(LANEGRAD|VITEST|NODE_OPTIONS)/.test(name));
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...Object.fromEntries(inherited), ...env },
  });
  return { status, stdout, stderr: stderr.split('\n').filter((line) => line !== '') };
}

/** Every C++ source that `native/sources.json` names. */
export function readSourcesList(): string[] {
  const lists = JSON.parse(readFileSync(join(root, 'native', 'sources.json'), 'utf8')) as Record<string, string[]>;
  return Object.values(lists).flat();
}
