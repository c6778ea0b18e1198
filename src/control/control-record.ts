import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PierError } from '../platform/errors.ts';
import { type ControlAddress, connectControl } from './client/connect.ts';

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

/** Returns the text of a file; undefined if it is absent. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Returns the record in a text; undefined if it is damaged. */
function parseRecord(text: string): ControlRecord | undefined {
  try {
    const { name, pid, url, token } = JSON.parse(text) as ControlRecord;
    const isWhole = [name, url, token].every((each) => typeof each === 'string') && Number.isInteger(pid);
    return isWhole ? { name, pid, url, token } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns whether a network still has its record: its control server answers and knows the token. The process number does
 * not say so, as another program may have it by now.
 */
async function isAlive(record: ControlRecord): Promise<boolean> {
  try {
    await (await connectControl(record)).close();
    return true;
  } catch (error) {
    const { code } = error as PierError;
    if (code === 'no-answer') return isRunning(record.pid);
    return code === 'network-starting' || code === 'too-many-clients';
  }
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

/** The name of a network, which one process at a time has. */
export class NetworkName {
  readonly #path: string;
  readonly #text: string;

  private constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
  }

  /**
   * Claims a name by its record, whose control server answers already; again, to be sure that the name is still claimed. A
   * record without a network is replaced. Throws `PierError` 'network-running' if another network has the name, and
   * 'bad-name'.
   */
  static async claim(record: ControlRecord): Promise<NetworkName> {
    const path = recordPath(record.name);
    const text = `${JSON.stringify(record)}\n`;
    mkdirSync(recordFolder(), { recursive: true, mode: 0o700 });
    // No other process has a file of this name.
    const draft = `${path}.${randomBytes(8).toString('hex')}`;
    try {
      for (;;) {
        writeFileSync(draft, text, { mode: 0o600 });
        if (tryLink(draft, path)) return new NetworkName(path, text);
        const found = readText(path);
        if (found === text) return new NetworkName(path, text);
        const other = found === undefined ? undefined : parseRecord(found);
        if (other && (await isAlive(other))) throw nameTaken(other);
        if (found !== undefined) setAside(path, draft, found);
      }
    } finally {
      rmSync(draft, { force: true });
    }
  }

  /** Gives the name back. */
  release(): void {
    if (readText(this.#path) === this.#text) rmSync(this.#path, { force: true });
  }
}

/** Gives a file a second path at once, if that is free. Returns whether it was. */
function tryLink(path: string, target: string): boolean {
  try {
    linkSync(path, target);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes the record with the text `found`, by way of `aside`. Another one that has replaced it meanwhile is put back. */
function setAside(path: string, aside: string, found: string): void {
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (readText(aside) !== found) tryLink(aside, path);
  rmSync(aside);
}

function nameTaken({ name, pid }: ControlRecord): PierError {
  return new PierError('network-running', `a network called '${name}' runs already (process ${pid})`, {
    hint: `Stop it by 'pier down --name ${name}', or give this one another name by --name.`,
  });
}

/** Returns the record that is written for a name; undefined if there is none. Its network may have been killed. */
function writtenRecord(name: string): ControlRecord | undefined {
  const text = readText(recordPath(name));
  return text === undefined ? undefined : parseRecord(text);
}

/** Returns the address of the live page of a network. The token is after `#`: a browser sends it to no server. */
export function pageLink({ url, token }: Pick<ControlRecord, 'url' | 'token'>): string {
  return `${url.replace(/^ws:/, 'http:')}#token=${token}`;
}

/** Returns all records, in the order of their names, also of networks that were killed: none of them is asked. */
export function writtenRecords(): ControlRecord[] {
  let files: string[];
  try {
    files = readdirSync(recordFolder());
  } catch {
    return [];
  }
  const names = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
  const records = names.filter((name) => NAME.test(name)).map(writtenRecord);
  return records.filter((record) => record !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Returns the records of the networks that run or are being created, in the order of their names. */
export async function runningNetworks(): Promise<ControlRecord[]> {
  const records = writtenRecords();
  const areAlive = await Promise.all(records.map(isAlive));
  return records.filter((_, i) => areAlive[i]);
}

/**
 * Returns the record of a network that runs or is being created; without a name, of the only one. Throws `PierError`
 * 'no-network' if there is none, and 'which-network' if there are several.
 */
export async function findRecord(name: string | undefined): Promise<ControlRecord> {
  const named = name === undefined ? undefined : writtenRecord(name);
  if (named && (await isAlive(named))) return named;
  const records = await runningNetworks();
  const names = records.map((record) => record.name).join(', ');
  if (name === undefined && records.length === 1) return records[0]!;
  if (name === undefined && records.length > 1) {
    throw new PierError('which-network', `${records.length} networks run: ${names}`, { hint: 'Choose one by --name.' });
  }
  const which = name === undefined ? 'no network runs' : `no network called '${name}' runs`;
  throw new PierError('no-network', which, {
    hint: names === '' ? "Start one by 'pier up' or 'pier up --nodes 3', for example." : `These run: ${names}.`,
  });
}
