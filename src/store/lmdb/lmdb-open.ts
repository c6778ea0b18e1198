import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Database, open, type RootDatabase, type RootDatabaseOptionsWithPath } from 'lmdb';
import { StoreError } from '../errors.ts';
import { bytesNeeded, sizeOfOpen } from './bytes-needed.ts';
import { seal } from './checksum.ts';
import { damaged, damagedRecords } from './damage.ts';
import { checkIdentity, FORMAT, hasChecksums, IDENTITY, identityRecord, parseJson } from './identity.ts';
import { checkLmdbFile } from './lmdb-check.ts';
import type { LmdbStoreOptions, StoreKind } from './lmdb-options.ts';
import { makeFolder } from './make-folder.ts';
import { checkPrerequisites, fileError } from './prerequisites.ts';
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity.ts';
import { probe, Reserve } from './reserve.ts';

/** The root database of a file. */
export type LmdbRoot = RootDatabase<Uint8Array, Uint8Array>;
/** The database in a file that holds the content of the store. */
export type LmdbData = Database<Uint8Array, Uint8Array>;

/** An open database: `root` with the records of the store itself, `data` with its content. */
export interface OpenDatabase {
  readonly path: string;
  readonly root: LmdbRoot;
  readonly data: LmdbData;
  /** Whether each value ends with a checksum. False for a file of format 1 that is open read-only. */
  readonly isSealed: boolean;
  /** Keys of the records that were damaged when the file was opened. */
  readonly damaged: readonly Uint8Array[];
  /** Room in the file for commits. */
  readonly reserve: Reserve;
  /** Releases the claim to write and closes the file. */
  close(): Promise<void>;
}

const DATA = 'data';
/** The key of the record in the main tree that describes the tree of `DATA`: lmdb-js adds a NUL to the name. */
const DATA_RECORD = `${DATA}\0`;
const utf8 = (text: string) => new TextEncoder().encode(text);
const DATA_KEY = utf8(DATA_RECORD);
const IDENTITY_KEY = utf8(IDENTITY);
const HOLDER_KEY = utf8('holder');
const GUARD_PREFIX = 'guard ';

/** Returns the key of a guard: a record that makes LMDB skip a group of queued writes; see `LmdbStore.writeSync`. */
export function guardKey(group: number): Uint8Array {
  return utf8(`${GUARD_PREFIX}${group}`);
}

/** Bytes that a file has before its first batch. */
const NEW_FILE_BYTES = 64 << 10;
/** Bytes of records that are rewritten at a time when a file gets checksums. */
const UPGRADE_BATCH_BYTES = 4 << 20;

/** The files that this thread has open for writing, as device and inode. */
const openFiles = new Set<string>();
/** How often this thread has a file open, also for reading. */
const openCounts = new Map<string, number>();

function countOpen(id: string, change: 1 | -1): void {
  openCounts.set(id, (openCounts.get(id) ?? 0) + change);
}

/** The mode that a file and its lock file are created with, so that keys are never readable by other users. */
function modeOf(kind: StoreKind): number {
  return kind === 'wallet' ? 0o600 : 0o644;
}

function fileId(stats: Stats): string {
  return `${stats.dev}:${stats.ino}`;
}

/** Opens the file with LMDB. The caller runs `checkPrerequisites` and `checkLmdbFile` first. */
function openRoot(options: Pick<LmdbStoreOptions, 'path' | 'kind' | 'readOnly' | 'relaxedDurability'>): LmdbRoot {
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
    noSync: options.relaxedDurability ?? false,
    // The store batches writes itself.
    eventTurnBatching: false,
    permissionsMode: modeOf(options.kind),
  };
  try {
    return open<Uint8Array, Uint8Array>(lmdbOptions);
  } catch (error) {
    throw damaged(options, `LMDB cannot open it (${(error as Error).message})`, { cause: error });
  }
}

function openData(root: LmdbRoot): LmdbData | undefined {
  return root.openDB<Uint8Array, Uint8Array>(DATA, { name: DATA, encoding: 'binary', keyEncoding: 'binary' });
}

/** Creates a new file atomically: it is complete once it exists. Keeps a file that another process creates first. */
async function createFile(options: LmdbStoreOptions): Promise<void> {
  const { path, kind } = options;
  makeFolder(dirname(path));
  const draft = `${path}.new-${randomBytes(6).toString('hex')}`;
  try {
    checkPrerequisites(draft, { readOnly: false, mode: modeOf(kind) });
    probe(draft, NEW_FILE_BYTES);
    const root = openRoot({ ...options, path: draft });
    new Reserve(draft).makeSync(0, NEW_FILE_BYTES);
    root.putSync(IDENTITY_KEY, identityRecord(options));
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

function inUse(path: string, pid: number): StoreError {
  if (pid === process.pid) {
    return new StoreError('database-in-use', path, `${path} is in use by this process (${pid})`, {
      hint: 'Close it first.',
    });
  }
  return new StoreError('database-in-use', path, `${path} is in use by process ${pid}`, {
    hint:
      `It may be pier up or pier startnode in another terminal: stop it ('pier down', or kill ${pid}), call its RPC, or ` +
      'choose another folder with --datadir.',
  });
}

/** Returns whether another process has the file open and has read from it. This process must not have read yet. */
function hasOtherReaders(root: LmdbRoot): boolean {
  return (root as unknown as { env: { info(): { numReaders: number } } }).env.info().numReaders > 0;
}

/**
 * Checks the records of the store itself. Returns the file's format. Throws `StoreError`. LMDB would create the content
 * anew if the key of its description has changed.
 */
function checkOwn(root: LmdbRoot, options: LmdbStoreOptions): number {
  const format = checkIdentity(options, root.get(IDENTITY_KEY));
  if (!root.doesExist(DATA_KEY)) throw damaged(options, 'the description of its content is missing');
  return format;
}

/**
 * Claims the database for this process: stores its identity as the holder, unless the current holder is alive. A write
 * transaction excludes all other processes meanwhile. If the pid of the holder is inconclusive, LMDB's reader table
 * decides: every writer is in it, and a process that opens the file alone clears it.
 */
function claim(root: LmdbRoot, reserve: Reserve, options: LmdbStoreOptions): void {
  root.transactionSync(() => {
    const format = checkOwn(root, options);
    const holder = parseJson<ProcessIdentity>(root.get(HOLDER_KEY));
    if (typeof holder?.pid === 'number') {
      const running = isRunning({ pid: holder.pid, started: holder.started, scope: holder.scope });
      if (running === true || (running === 'unknown' && hasOtherReaders(root))) throw inUse(options.path, holder.pid);
    }
    root.useReadTransaction().done();
    const size = sizeOfOpen(root);
    // The upgrade writes all records anew.
    reserve.makeSync(size.used, bytesNeeded([], size) + (format < FORMAT ? 2 * size.used : 0));
    root.put(HOLDER_KEY, utf8(JSON.stringify(ownIdentity())));
    const guards = root.getKeys({ start: utf8(GUARD_PREFIX), end: utf8(`${GUARD_PREFIX}~`) });
    for (const key of [...guards]) root.remove(key);
    if (format < FORMAT) upgrade(root, options);
  });
}

/** Ends the claim of this process, and gives the reserve back to the disk. */
function release(root: LmdbRoot, reserve: Reserve): void {
  const size = sizeOfOpen(root);
  reserve.makeSync(size.used, bytesNeeded([], size));
  root.removeSync(HOLDER_KEY);
  // Excludes the writes of a process that has claimed the file meanwhile.
  root.transactionSync(() => {
    if (root.get(HOLDER_KEY) === undefined) reserve.cut(sizeOfOpen(root).used);
  });
}

/** Releases the claim; if the disk is full, the next process finds that the holder has exited. */
function tryRelease(root: LmdbRoot, reserve: Reserve): void {
  try {
    release(root, reserve);
  } catch {}
}

/** Adds checksums to the records of a file of format 1, in the current transaction. */
function upgrade(root: LmdbRoot, options: LmdbStoreOptions): void {
  const data = openData(root);
  let after: Uint8Array | undefined;
  for (let isDone = !data; !isDone; ) {
    const batch: { key: Uint8Array; value: Uint8Array }[] = [];
    let bytes = 0;
    isDone = true;
    const range = after ? { start: after, exclusiveStart: true } : {};
    for (const { key, value } of data!.getRange(range as never)) {
      batch.push({ key, value });
      bytes += value.length;
      if (bytes < UPGRADE_BATCH_BYTES) continue;
      isDone = false;
      break;
    }
    for (const { key, value } of batch) data!.put(key, seal(key, value));
    after = batch.at(-1)?.key;
  }
  root.put(IDENTITY_KEY, identityRecord(options));
}

/** Opens a database: checks its file and identity and, unless `readOnly`, claims it. Throws `StoreError`. */
export async function openDatabase(request: LmdbStoreOptions): Promise<OpenDatabase> {
  const options = { ...request, path: resolve(request.path) };
  const { path, kind, readOnly = false, create = !readOnly } = options;
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
      throw new StoreError('not-a-database', path, `${path} is a ${stats.isDirectory() ? 'folder' : 'special file'}`, {
        hint: 'Use another data directory, or move it away.',
      });
    }
    const id = fileId(stats);
    if (!readOnly && openFiles.has(id)) throw inUse(path, process.pid);
    const { damaged: damagedKeys } = await checkLmdbFile({
      ...{ path, kind, content: DATA_RECORD, signal: options.signal },
      isSealed: (main) => hasChecksums(main.get(IDENTITY)),
    });
    if (damagedKeys.length > 0 && !options.toleratesDamage) {
      throw damagedRecords(options, `${damagedKeys.length} of its records do not match their checksums`);
    }
    if (!readOnly && openFiles.has(id)) throw inUse(path, process.pid);
    if ((openCounts.get(id) ?? 0) === 0) checkPrerequisites(path, { readOnly, mode: modeOf(kind) });
    return await openChecked(options, id, damagedKeys);
  } catch (error) {
    throw fileError(error, path);
  }
}

async function openChecked(
  options: LmdbStoreOptions,
  id: string,
  damagedKeys: readonly Uint8Array[],
): Promise<OpenDatabase> {
  const { path, kind, readOnly = false } = options;
  const root = openRoot(options);
  const reserve = new Reserve(path);
  let isClaimed = false;
  try {
    if (readOnly) checkOwn(root, options);
    else {
      claim(root, reserve, options);
      isClaimed = true;
    }
    const data = openData(root);
    if (!data) throw damaged(options, 'it has no content');
    // A copied wallet may have a laxer mode. Changed by name: opening and closing LMDB's lock file would drop its
    // locks.
    if (!readOnly && kind === 'wallet') for (const file of [path, `${path}-lock`]) chmodSync(file, 0o600);
    if (!readOnly) openFiles.add(id);
    countOpen(id, 1);
    const close = async () => {
      countOpen(id, -1);
      if (!readOnly) {
        openFiles.delete(id);
        tryRelease(root, reserve);
      }
      await root.close();
    };
    return { path, root, data, isSealed: hasChecksums(root.get(IDENTITY_KEY)), damaged: damagedKeys, reserve, close };
  } catch (error) {
    if (isClaimed) tryRelease(root, reserve);
    await root.close();
    throw /^MDB_/.test((error as Error).message) ? damaged(options, (error as Error).message, { cause: error }) : error;
  }
}
