/** `lanegrad info`: what computes here, and why. */

import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../backend/native/load.ts';
import { type BackendInfo, backendInfo } from '../backend/select.ts';
import { formatBytes } from './memory.ts';

export interface InfoReport extends BackendInfo {
  readonly package: string;
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  readonly cores: number;
  readonly memory: number;
}

export function packageVersion(): { name: string; version: string } {
  return JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { name: string; version: string };
}

export function collectInfo(): InfoReport {
  const { name, version } = packageVersion();
  return {
    package: name,
    version,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cores: availableParallelism(),
    memory: totalmem(),
    ...backendInfo(),
  };
}

export function describeInfo(info: InfoReport): string {
  const rows: [label: string, value: string][] = [
    ['package', `${info.package} ${info.version}`],
    ['node', `${info.node} on ${info.platform}`],
    ['cpu', `${info.cpu}, ${info.cores} cores`],
    ['memory', formatBytes(info.memory)],
    ['backend', info.backend + (info.reason === null ? '' : `: ${info.reason}`)],
    ['isa', info.isa === null ? 'none' : `${info.isa} (of ${info.isas.join(', ')})`],
    ['threads', String(info.threads)],
    ['addon', info.addon ?? 'none'],
    ...info.attempts.map(({ path, error }): [string, string] => ['tried', `${path}: ${error}`]),
  ];
  return rows.map(([label, value]) => `${label.padEnd(8)} ${value}`).join('\n');
}
