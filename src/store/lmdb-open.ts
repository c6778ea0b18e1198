import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Database, open, type RootDatabase, type RootDatabaseOptionsWithPath } from 'lmdb';
import { StoreError } from './errors.ts';
import { checkLmdbFile } from './lmdb-file.ts';
import type { LmdbStoreOptions, StoreKind } from './lmdb-options.ts';
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity.ts';

export type Root = RootDatabase<Uint8Array, Uint8Array>;
export type Data = Database<Uint8Array, Uint8Array>;

/** An open database: `root` for the store's own records, `data` for what it stores. */
export interface OpenDatabase {
  readonly path: string;
  readonly root: Root;
  readonly data: Data;
  /** Gives up the claim to write and closes the file. */
  close(): Promise<void>;
}

const FORMAT = 1;
const DATA = 'data';
const utf8 = (text: string) => new TextEncoder().encode(text);
const IDENTITY_KEY = utf8('identity');
const HOLDER_KEY = utf8('holder');
const GUARD_PREFIX = 'guard ';

/** The key of a record that makes LMDB skip one group of queued writes; see `LmdbStore.writeSync`. */
export function guardKey(group: number): Uint8Array {
  return utf8(`${GUARD_PREFIX}${group}`);
}

interface Identity {
  readonly format: number;
  readonly kind: string;
  readonly network: string;
}

/** Files that this thread has open for writing, by device and inode. */
const openFiles = new Set<string>();

function fileId(stats: Stats): string {
  return `${stats.dev}:${stats.ino}`;
}

function parse<T>(bytes: Uint8Array | undefined): Partial<T> | undefined {
  if (!bytes) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === 'object' && value !== null ? (value as Partial<T>) : undefined;
  } catch {
    return undefined;
  }
}

function record(value: Identity | ProcessIdentity): Uint8Array {
  return utf8(JSON.stringify(value));
}

function fileError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new StoreError('permission-denied', path, `no permission to open ${path}`, {
      hint: `Check the owner and the mode of ${path} and of its folder.`,
      cause: error,
    });
  }
  return error;
}

/** LMDB's own view of the file; the caller has checked that it may be mapped. */
function openRoot(options: Pick<LmdbStoreOptions, 'path' | 'kind' | 'readOnly'>): Root {
  const lmdbOptions: RootDatabaseOptionsWithPath & { permissionsMode: number } = {
    path: options.path,
    noSubdir: true,
    readOnly: options.readOnly ?? false,
    encoding: 'binary',
    keyEncoding: 'binary',
    maxDbs: 1,
    // Every commit reaches the disk before it is reported. It costs no more than LMDB-js's overlapping mode does, and
    // leaves the file as plain LMDB does, which needs no roll-back after a loss of power.
    overlappingSync: false,
    // The store makes its own batches.
    eventTurnBatching: false,
    // Both the file and its lock are made with this mode, so keys are never readable by others, not for an instant.
    permissionsMode: options.kind === 'wallet' ? 0o600 : 0o644,
  };
  try {
    return open<Uint8Array, Uint8Array>(lmdbOptions);
  } catch (error) {
    if (/denied|not permitted|read-only/i.test(String((error as Error).message))) {
      throw fileError(Object.assign(error as Error, { code: 'EACCES' }), options.path);
    }
    throw new StoreError('not-a-database', options.path, `${options.path} cannot be opened as a database`, {
      hint: 'Restore the file from a copy, or move it away to start anew.',
      cause: error,
    });
  }
}

function openData(root: Root): Data | undefined {
  return root.openDB<Uint8Array, Uint8Array>(DATA, { name: DATA, encoding: 'binary', keyEncoding: 'binary' });
}

/** Makes a new file, complete from its first instant, unless another process was faster. */
async function createFile(options: LmdbStoreOptions): Promise<void> {
  const { path, kind, network } = options;
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.new-${randomBytes(6).toString('hex')}`;
  try {
    const root = openRoot({ path: draft, kind });
    root.putSync(IDENTITY_KEY, record({ format: FORMAT, kind, network }));
    openData(root);
    await root.close();
    try {
      linkSync(draft, path);
    } catch (error) {
      // Some file systems have no links.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' && !existsSync(path)) renameSync(draft, path);
    }
    syncFolder(dirname(path));
  } finally {
    rmSync(draft, { force: true });
    rmSync(`${draft}-lock`, { force: true });
  }
}

/** Makes a new name in the folder survive a loss of power, where the platform can. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function checkIdentity(options: LmdbStoreOptions, bytes: Uint8Array | undefined): void {
  const { path, kind, network } = options;
  const found = parse<Identity>(bytes);
  if (!found || typeof found.format !== 'number') {
    throw new StoreError('not-a-database', path, `${path} is an LMDB file, but not one of Pier`, {
      hint: 'Name another file, or move this one away.',
    });
  }
  if (found.format > FORMAT) {
    const versions = `format ${found.format}, this release reads up to ${FORMAT}`;
    throw new StoreError('newer-format', path, `${path} was written by a later release of Pier (${versions})`, {
      hint: 'Use that release, or another data directory.',
    });
  }
  if (found.kind !== kind) {
    throw new StoreError('other-kind', path, `${path} holds a ${found.kind}, not a ${kind}`, {
      hint: otherKindHint(found.kind, kind),
    });
  }
  if (found.network !== network) {
    // Behind the name of a network that a file describes comes what tells its rules from others.
    const name = (marker: string) => marker.split('#', 1)[0]!;
    const theirs = name(found.network ?? '');
    const isChanged = theirs === name(network);
    throw new StoreError('other-network', path, `${path} belongs to network ${found.network}, not to ${network}`, {
      hint: isChanged
        ? `The file of network ${theirs} has changed since: bring back the old one, or name another data directory.`
        : `Name the network ${theirs}, or another data directory.`,
    });
  }
}

function otherKindHint(found: string | undefined, wanted: StoreKind): string {
  if (found === 'wallet' || wanted === 'wallet') return 'Check the file names in the data directory.';
  const [whose, how] = found === 'blockchain' ? ['full', 'without'] : ['light', 'with'];
  return `It is a ${whose} node's: start the node ${how} --spv, or use another NODE_ID.`;
}

function inUse(path: string, pid: number): StoreError {
  const who = pid === process.pid ? 'this process' : `process ${pid}`;
  return new StoreError(
    'database-in-use',
    path,
    `${path} is in use by ${who}${pid === process.pid ? ` (${pid})` : ''}`,
    {
      hint: `Stop process ${pid} first, or send the command to it through its RPC.`,
    },
  );
}

/** Whether, of all processes that have the file open, another one has read from it. We must not have done so yet. */
function hasOtherReaders(root: Root): boolean {
  return (root as unknown as { env: { info(): { numReaders: number } } }).env.info().numReaders > 0;
}

/**
 * Puts our name into the database as its writer's, in a write transaction, which excludes every other process, unless
 * the one that stands there is alive. Where its pid cannot tell, LMDB's table of readers does: each writer is in it, and
 * whoever opens the file when nobody else has it open empties it.
 */
function claim(root: Root, options: LmdbStoreOptions): void {
  root.transactionSync(() => {
    checkIdentity(options, root.get(IDENTITY_KEY));
    const holder = parse<ProcessIdentity>(root.get(HOLDER_KEY));
    if (typeof holder?.pid === 'number') {
      const running = isRunning({ pid: holder.pid, started: holder.started, scope: holder.scope });
      if (running === true || (running === 'unknown' && hasOtherReaders(root))) throw inUse(options.path, holder.pid);
    }
    root.useReadTransaction().done();
    root.put(HOLDER_KEY, record(ownIdentity()));
    const guards = root.getKeys({ start: utf8(GUARD_PREFIX), end: utf8(`${GUARD_PREFIX}~`) });
    for (const key of [...guards]) root.remove(key);
  });
}

/** Opens the database of `options`, checked and, unless for reading only, claimed. Throws `StoreError`. */
export async function openDatabase(request: LmdbStoreOptions): Promise<OpenDatabase> {
  const options = { ...request, path: resolve(request.path) };
  const { path, readOnly = false, create = !readOnly } = options;
  try {
    if (!existsSync(path)) {
      if (!create || readOnly) {
        throw new StoreError('missing-database', path, `there is no database at ${path}`, {
          hint: 'Create it first, or check the data directory and the node id.',
        });
      }
      await createFile(options);
    }
    const stats = statSync(path);
    if (!stats.isFile()) {
      throw new StoreError('not-a-database', path, `${path} is a ${stats.isDirectory() ? 'folder' : 'special file'}`);
    }
    if (!readOnly && openFiles.has(fileId(stats))) throw inUse(path, process.pid);
    checkLmdbFile(path);
    return await openChecked(options, fileId(stats));
  } catch (error) {
    throw fileError(error, path);
  }
}

async function openChecked(options: LmdbStoreOptions, id: string): Promise<OpenDatabase> {
  const { path, kind, readOnly = false } = options;
  const root = openRoot(options);
  try {
    if (readOnly) checkIdentity(options, root.get(IDENTITY_KEY));
    else claim(root, options);
    const data = openData(root);
    if (!data) throw new StoreError('not-a-database', path, `${path} is incomplete`);
    if (!readOnly) openFiles.add(id);
    // A wallet may have been copied here with a laxer mode. By name: opening LMDB's lock file would drop its locks.
    if (!readOnly && kind === 'wallet') for (const file of [path, `${path}-lock`]) chmodSync(file, 0o600);
    const close = async () => {
      if (!readOnly) {
        root.removeSync(HOLDER_KEY);
        openFiles.delete(id);
      }
      await root.close();
    };
    return { path, root, data, close };
  } catch (error) {
    await root.close();
    throw error;
  }
}
