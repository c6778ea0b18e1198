import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PierError } from '../platform/errors.ts';
import type { ControlAddress } from './client/connect.ts';

/** How the programs of one user find a network that runs on this machine: a file that only the user can read. */
export interface ControlRecord extends ControlAddress {
  /** Name of the network. */
  readonly name: string;
  /** The process of its control server. */
  readonly pid: number;
}

/** What a network can be called. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Returns the folder of the records: PIER_RUN_DIR, or `~/.pier/run`. */
export function recordFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env.PIER_RUN_DIR || join(homedir(), '.pier', 'run');
}

/** Throws `PierError` 'bad-name' unless a network can have the name. */
export function checkNetworkName(name: string): void {
  if (NAME.test(name)) return;
  throw new PierError('bad-name', `'${name}' is not the name of a network`, {
    hint: 'A name has up to 64 letters, digits, dots, hyphens and underscores, and begins with a letter or digit.',
  });
}

function recordPath(name: string): string {
  checkNetworkName(name);
  return join(recordFolder(), `${name}.json`);
}

/** Returns whether a process runs. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It runs, as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Returns the record of a network that runs; undefined if there is none. */
export function readRecord(name: string): ControlRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(recordPath(name), 'utf8')) as ControlRecord;
    return isRunning(record.pid) ? record : undefined;
  } catch (error) {
    if (error instanceof PierError) throw error;
    // Absent, or written by half before a power failure.
    return undefined;
  }
}

/** Throws `PierError` 'network-running' if a network with the name runs. */
export function requireFreeName(name: string): void {
  const record = readRecord(name);
  if (!record) return;
  throw new PierError('network-running', `a network called '${name}' runs already (process ${record.pid})`, {
    hint: `Stop it by 'pier down --name ${name}', or give this one another name by --name.`,
  });
}

/** Writes a record as a whole. */
export function writeRecord(record: ControlRecord): void {
  const path = recordPath(record.name);
  mkdirSync(recordFolder(), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  rmSync(draft, { force: true });
  writeFileSync(draft, `${JSON.stringify(record)}\n`, { mode: 0o600, flag: 'wx' });
  chmodSync(draft, 0o600);
  renameSync(draft, path);
}

/** Removes a record, unless another process has written it since. */
export function removeRecord({ name, pid }: ControlRecord): void {
  const written = readRecord(name);
  if (written === undefined || written.pid === pid) rmSync(recordPath(name), { force: true });
}

/** Returns the names of the networks that run, in order. */
export function runningNetworks(): string[] {
  let files: string[];
  try {
    files = readdirSync(recordFolder());
  } catch {
    return [];
  }
  const names = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
  return names.filter((name) => NAME.test(name) && readRecord(name)).sort();
}

/**
 * Returns the record of a network that runs; without a name, of the only one. Throws `PierError` 'no-network' if there is
 * none, and 'which-network' if there are several.
 */
export function findRecord(name: string | undefined): ControlRecord {
  const names = runningNetworks();
  if (name === undefined && names.length > 1) {
    throw new PierError('which-network', `${names.length} networks run: ${names.join(', ')}`, {
      hint: 'Choose one by --name.',
    });
  }
  const chosen = name ?? names[0];
  const record = chosen === undefined ? undefined : readRecord(chosen);
  if (record) return record;
  const which = name === undefined ? 'no network runs' : `no network called '${name}' runs`;
  throw new PierError('no-network', which, {
    hint: names.length > 0 ? `These run: ${names.join(', ')}.` : "Start one by 'pier up --nodes 3', for example.",
  });
}
