import { binaryKey, concatBytes, fromBinaryKey } from '../bytes/compare.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { type Clock, unixSeconds } from '../platform/clock.ts';
import { PierError } from '../platform/errors.ts';
import { Transaction } from '../primitives/transaction.ts';
import type { Mempool } from './mempool.ts';
import { parentsFirst } from './parents-first.ts';
import type { MempoolSnapshot } from './snapshot.ts';

/** Versions of Core's mempool.dat: plain, and obfuscated with an XOR key (Core: MEMPOOL_DUMP_VERSION). */
const VERSION_PLAIN = 1;
const VERSION_KEYED = 2;

/** A transaction of a dump. */
export interface DumpedTransaction {
  readonly tx: Transaction;
  /** Seconds since the Unix epoch at which it entered the mempool. */
  readonly time: number;
  /** Satoshis added by `Mempool.prioritise`. */
  readonly feeDelta: bigint;
}

/** The contents of a mempool.dat. */
export interface MempoolDump {
  /** Parents before their children. */
  readonly transactions: readonly DumpedTransaction[];
  /** Satoshis added by `Mempool.prioritise` to transactions that are not in the mempool. */
  readonly feeDeltas: readonly { readonly txid: Uint8Array; readonly delta: bigint }[];
}

/** Bytes of transactions to encode at a time. */
const CHUNK_BYTES = 1 << 18;

/** Encodes the mempool as a mempool.dat of version 1, which every release of Core reads (Core: DumpMempool). */
export function encodeMempoolDump(mempool: Mempool): Uint8Array {
  return concatBytes(...mempoolDumpChunks(mempool));
}

/** Encodes the same of a mempool's snapshot. */
export function encodeSnapshotDump({ entries, feeDeltas }: MempoolSnapshot): Uint8Array {
  const held = new Set(entries.map(({ tx }) => binaryKey(tx.txid)));
  const absent = [...feeDeltas].filter(([key]) => !held.has(key));
  return concatBytes(
    ...dumpChunks(
      entries,
      absent.map(([key, delta]) => ({ txid: fromBinaryKey(key), delta })),
    ),
  );
}

/** Yields the same bytes in parts, as of the first call, so that the caller can do other work in between. */
export function mempoolDumpChunks(mempool: Mempool): Generator<Uint8Array> {
  const absent = [...mempool.feeDeltas()].filter(({ txid }) => !mempool.has(txid));
  return dumpChunks([...parentsFirst(mempool.entries())], absent);
}

/** Yields a dump of entries, parents before their children, and of the fee deltas of other transactions. */
function* dumpChunks(
  listed: MempoolSnapshot['entries'],
  absent: readonly { readonly txid: Uint8Array; readonly delta: bigint }[],
): Generator<Uint8Array> {
  const entries = listed.map(({ tx, time, fee, modifiedFee }) => ({ tx, time, delta: modifiedFee - fee }));
  let writer = new ByteWriter(64).u64(BigInt(VERSION_PLAIN)).u64(BigInt(entries.length));
  for (const { tx, time, delta } of entries) {
    if (writer.length > CHUNK_BYTES) {
      yield writer.finish();
      writer = new ByteWriter(1 << 16);
    }
    writer.bytes(tx.encode()).i64(BigInt(time)).i64(delta);
  }
  writer.list(absent, (w, { txid, delta }) => w.bytes(txid).i64(delta));
  // Core's unbroadcast txids, which we do not track.
  yield writer.compactSize(0).finish();
}

/** Decodes a mempool.dat of either version. Throws `DecodeError`; `PierError` for an unknown version. */
export function decodeMempoolDump(bytes: Uint8Array): MempoolDump {
  const { dump, reader } = readDump(bytes);
  reader.end();
  return dump;
}

/** Decodes a mempool.dat that other bytes may follow, and returns its length too. Throws as `decodeMempoolDump`. */
export function decodeLeadingDump(bytes: Uint8Array): { readonly dump: MempoolDump; readonly length: number } {
  const { dump, reader } = readDump(bytes);
  return { dump, length: reader.offset };
}

function readDump(bytes: Uint8Array): { dump: MempoolDump; reader: ByteReader } {
  let reader = new ByteReader(bytes);
  const version = Number(reader.u64());
  if (version === VERSION_KEYED) {
    const key = reader.varBytes();
    // The key is aligned to the start of the file, but only the bytes after it are obfuscated.
    const plain = bytes.map((byte, i) => byte ^ (key[i % key.length] ?? 0));
    reader = new ByteReader(plain, reader.offset);
  } else if (version !== VERSION_PLAIN) {
    throw new PierError('unknown-mempool-dump', `mempool.dat version ${version} is not supported`);
  }
  const count = reader.u64();
  const transactions: DumpedTransaction[] = [];
  for (let i = 0n; i < count; i++) {
    const tx = Transaction.read(reader);
    transactions.push({ tx, time: Number(reader.i64()), feeDelta: reader.i64() });
  }
  const feeDeltas = reader.list((r) => ({ txid: r.hash(), delta: r.i64() }));
  // Core's unbroadcast txids.
  reader.list((r) => r.hash());
  return { dump: { transactions, feeDeltas }, reader };
}

/** Which parts of a dump count (Core: ImportMempoolOptions). */
export interface LoadOptions {
  /** Whether the transactions enter now, instead of at their stored times; default false. */
  readonly usesCurrentTime?: boolean;
  /** Whether the fee deltas of `Mempool.prioritise` are added; default true. */
  readonly appliesFeeDeltas?: boolean;
}

/** What became of the transactions of a dump. */
export interface LoadedDump {
  readonly accepted: number;
  readonly total: number;
}

/** Adds dumped transactions to a mempool, except expired ones (Core: LoadMempool). */
export function loadMempoolDump(mempool: Mempool, dump: MempoolDump, clock: Clock, options?: LoadOptions): LoadedDump {
  const loading = loadDump(mempool, dump, clock, (tx, time) => void mempool.accept(tx, { time }), options);
  for (;;) {
    const { done, value } = loading.next();
    if (done) return value;
  }
}

/**
 * Does so step by step: yields after each transaction, so that the caller can do other work in between. The caller must
 * await what is yielded: costly scripts run off the main thread.
 */
export function loadInSteps(
  mempool: Mempool,
  dump: MempoolDump,
  clock: Clock,
  options?: LoadOptions,
): Generator<Promise<unknown> | undefined, LoadedDump> {
  const accept = (tx: Transaction, time: number) => {
    const result = mempool.acceptAsync(tx, { time });
    return result instanceof Promise ? result : undefined;
  };
  return loadDump(mempool, dump, clock, accept, options);
}

function* loadDump<T>(
  mempool: Mempool,
  dump: MempoolDump,
  clock: Clock,
  accept: (tx: Transaction, time: number) => T | undefined,
  { usesCurrentTime = false, appliesFeeDeltas = true }: LoadOptions = {},
): Generator<T | undefined, LoadedDump> {
  const now = unixSeconds(clock);
  const oldest = now - mempool.options.expirySeconds;
  if (appliesFeeDeltas) for (const { txid, delta } of dump.feeDeltas) mempool.prioritise(txid, delta);
  let accepted = 0;
  for (const { tx, time: stored, feeDelta } of dump.transactions) {
    const time = usesCurrentTime ? now : stored;
    const delta = appliesFeeDeltas ? feeDelta : 0n;
    if (delta > 0n) mempool.prioritise(tx.txid, delta);
    if (time > oldest) yield mempool.has(tx.txid) ? undefined : accept(tx, time);
    // Afterwards, unlike in Core: a lowered transaction was in the mempool, and would be refused.
    if (delta < 0n) mempool.prioritise(tx.txid, delta);
    if (time <= oldest) continue;
    if (mempool.has(tx.txid)) accepted++;
  }
  return { accepted, total: dump.transactions.length };
}
