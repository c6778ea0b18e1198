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

/** The root database of a file. */
export type LmdbRoot = RootDatabase<Uint8Array, Uint8Array>;
/** The database in a file that holds the content of the store. */
export type LmdbData = Database<Uint8Array, Uint8Array>;

/** An open database: `root` with the records of the store itself, `data` with its content. */
export interface OpenDatabase {
  readonly path: string;
  readonly root: LmdbRoot;
  readonly data: LmdbData;
  /** Releases the claim to write and closes the file. */
  close(): Promise<void>;
}

const FORMAT = 1;
const DATA = 'data';
const utf8 = (text: string) => new TextEncoder().encode(text);
const IDENTITY_KEY = utf8('identity');
const HOLDER_KEY = utf8('holder');
const GUARD_PREFIX = 'guard ';

/** Returns the key of a guard: a record that makes LMDB skip a group of queued writes; see `LmdbStore.writeSync`. */
export function guardKey(group: number): Uint8Array {
  return utf8(`${GUARD_PREFIX}${group}`);
}

interface Identity {
  readonly format: number;
  readonly kind: string;
  readonly network: string;
}

/** The files that this thread has open for writing, as device and inode. */
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
    return new StoreError('permission-denied', path, `permission denied: ${path}`, {
      hint: `Check the owner and the permissions of ${path} and of its folder.`,
      cause: error,
    });
  }
  return error;
}

/** Opens the file with LMDB. The caller runs `checkLmdbFile` first. */
function openRoot(options: Pick<LmdbStoreOptions, 'path' | 'kind' | 'readOnly'>): LmdbRoot {
  const lmdbOptions: RootDatabaseOptionsWithPath & { permissionsMode: number } = {
    path: options.path,
    noSubdir: true,
    readOnly: options.readOnly ?? false,
    encoding: 'binary',
    keyEncoding: 'binary',
    maxDbs: 1,
    // Every commit is on disk before its promise resolves. This is as fast as lmdb-js's overlapping sync, and the file
    // is that of plain LMDB, which needs no rollback after a power failure.
    overlappingSync: false,
    // The store batches writes itself.
    eventTurnBatching: false,
    // The file and its lock file are created with this mode, so that keys are never readable by other users.
    permissionsMode: options.kind === 'wallet' ? 0o600 : 0o644,
  };
  try {
    return open<Uint8Array, Uint8Array>(lmdbOptions);
  } catch (error) {
    if (/denied|not permitted|read-only/i.test(String((error as Error).message))) {
      throw fileError(Object.assign(error as Error, { code: 'EACCES' }), options.path);
    }
    throw new StoreError('not-a-database', options.path, `cannot open ${options.path} as a database`, {
      hint: 'Restore the file from a backup, or move it away to start over.',
      cause: error,
    });
  }
}

function openData(root: LmdbRoot): LmdbData | undefined {
  return root.openDB<Uint8Array, Uint8Array>(DATA, { name: DATA, encoding: 'binary', keyEncoding: 'binary' });
}

/** Creates a new file atomically: it is complete once it exists. Keeps a file that another process creates first. */
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
      // Some file systems do not support hard links.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' && !existsSync(path)) renameSync(draft, path);
    }
    syncFolder(dirname(path));
  } finally {
    rmSync(draft, { force: true });
    rmSync(`${draft}-lock`, { force: true });
  }
}

/** Makes new directory entries durable, if the platform supports it. */
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
    throw new StoreError('not-a-database', path, `${path} is an LMDB file of another program`, {
      hint: 'Use another data directory, or move this file away.',
    });
  }
  if (found.format > FORMAT) {
    const versions = `format ${found.format}, this release supports up to ${FORMAT}`;
    throw new StoreError('newer-format', path, `${path} was written by a newer release of Pier (${versions})`, {
      hint: 'Update Pier, or use another data directory.',
    });
  }
  if (found.kind !== kind) {
    throw new StoreError('other-kind', path, `${path} holds a ${found.kind}, not a ${kind}`, {
      hint: otherKindHint(found.kind, kind),
    });
  }
  if (found.network !== network) {
    // The marker of a network that a file defines is its name, '#' and a digest of its rules.
    const name = (marker: string) => marker.split('#', 1)[0]!;
    const theirs = name(found.network ?? '');
    const isChanged = theirs === name(network);
    throw new StoreError('other-network', path, `${path} belongs to network ${found.network}, not to ${network}`, {
      hint: isChanged
        ? `The file that defines network ${theirs} has changed: restore it, or use another data directory.`
        : `Use --network ${theirs}, or another data directory.`,
    });
  }
}

function otherKindHint(found: string | undefined, wanted: StoreKind): string {
  if (found === 'wallet' || wanted === 'wallet') return 'Check the file names in the data directory.';
  const [type, how] = found === 'blockchain' ? ['full', 'without'] : ['light', 'with'];
  return `It belongs to a ${type} node: start the node ${how} --spv, or use another NODE_ID.`;
}

function inUse(path: string, pid: number): StoreError {
  const holder = pid === process.pid ? `this process (${pid})` : `process ${pid}`;
  return new StoreError('database-in-use', path, `${path} is in use by ${holder}`, {
    hint: `Stop process ${pid} first, or send the command to it through its RPC.`,
  });
}

/** Returns whether another process has the file open and has read from it. This process must not have read yet. */
function hasOtherReaders(root: LmdbRoot): boolean {
  return (root as unknown as { env: { info(): { numReaders: number } } }).env.info().numReaders > 0;
}

/**
 * Claims the database for this process: stores its identity as the holder, unless the current holder is alive. A write
 * transaction excludes all other processes meanwhile. If the pid of the holder is inconclusive, LMDB's reader table
 * decides: every writer is in it, and a process that opens the file alone clears it.
 */
function claim(root: LmdbRoot, options: LmdbStoreOptions): void {
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

/** Opens a database: checks its file and identity and, unless `readOnly`, claims it. Throws `StoreError`. */
export async function openDatabase(request: LmdbStoreOptions): Promise<OpenDatabase> {
  const options = { ...request, path: resolve(request.path) };
  const { path, readOnly = false, create = !readOnly } = options;
  try {
    if (!existsSync(path)) {
      if (!create || readOnly) {
        throw new StoreError('missing-database', path, `no database at ${path}`, {
          hint: 'Create it first, or check the data directory and NODE_ID.',
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
    // A copied wallet may have a laxer mode. Changed by name: opening and closing LMDB's lock file would drop its
    // locks.
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
