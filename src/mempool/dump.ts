import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { type Clock, unixSeconds } from '../platform/clock.ts';
import { PierError } from '../platform/errors.ts';
import { Transaction } from '../primitives/transaction.ts';
import type { MempoolEntry } from './entry.ts';
import type { Mempool } from './mempool.ts';

/** Core's mempool.dat without and with a key over which everything behind it is XORed. */
const VERSION_PLAIN = 1;
const VERSION_KEYED = 2;

/** A transaction of a dump. */
export interface DumpedTransaction {
  readonly tx: Transaction;
  /** Seconds since the Unix epoch at which it came. */
  readonly time: number;
  /** Satoshis that `prioritise` added. */
  readonly feeDelta: bigint;
}

export interface MempoolDump {
  /** Parents before their children. */
  readonly transactions: readonly DumpedTransaction[];
  /** Satoshis that `prioritise` added to transactions that are not here. */
  readonly feeDeltas: readonly { readonly txid: Uint8Array; readonly delta: bigint }[];
}

/** The mempool as a mempool.dat of Core's first version, which every release of it reads. */
export function encodeMempoolDump(mempool: Mempool): Uint8Array {
  const entries = parentsFirst(mempool.entries());
  const absent = [...mempool.feeDeltas()].filter(({ txid }) => !mempool.has(txid));
  const writer = new ByteWriter(1 << 16).u64(BigInt(VERSION_PLAIN)).u64(BigInt(entries.size));
  for (const { tx, time, fee, modifiedFee } of entries) {
    writer
      .bytes(tx.encode())
      .i64(BigInt(time))
      .i64(modifiedFee - fee);
  }
  writer.list(absent, (w, { txid, delta }) => w.bytes(txid).i64(delta));
  // Transactions that no peer has asked for: we do not keep account of them.
  return writer.compactSize(0).finish();
}

/** In the order of arrival; but after a reorganisation a child may have come before its parent. */
function parentsFirst(entries: Iterable<MempoolEntry>): ReadonlySet<MempoolEntry> {
  const ordered = new Set<MempoolEntry>();
  const add = (entry: MempoolEntry) => {
    for (const parent of entry.parents) if (!ordered.has(parent)) add(parent);
    ordered.add(entry);
  };
  for (const entry of entries) add(entry);
  return ordered;
}

/** Reads a mempool.dat of either version; throws `DecodeError`, or `PierError` for a version that is unknown. */
export function decodeMempoolDump(bytes: Uint8Array): MempoolDump {
  let reader = new ByteReader(bytes);
  const version = Number(reader.u64());
  if (version === VERSION_KEYED) {
    const key = reader.varBytes();
    // The key runs from the start of the file, though it hides only what comes behind it.
    const plain = bytes.map((byte, i) => byte ^ (key[i % key.length] ?? 0));
    reader = new ByteReader(plain, reader.offset);
  } else if (version !== VERSION_PLAIN) {
    throw new PierError('unknown-mempool-dump', `a mempool dump of version ${version} cannot be read`);
  }
  const count = reader.u64();
  const transactions: DumpedTransaction[] = [];
  for (let i = 0n; i < count; i++) {
    const tx = Transaction.read(reader);
    transactions.push({ tx, time: Number(reader.i64()), feeDelta: reader.i64() });
  }
  const feeDeltas = reader.list((r) => ({ txid: r.hash(), delta: r.i64() }));
  // The ids of transactions that no peer had asked for yet.
  reader.list((r) => r.hash());
  reader.end();
  return { transactions, feeDeltas };
}

/** Offers what was dumped to a mempool, except what is too old by now; returns how many it took. */
export function loadMempoolDump(
  mempool: Mempool,
  dump: MempoolDump,
  clock: Clock,
): { accepted: number; total: number } {
  const oldest = unixSeconds(clock) - mempool.options.expirySeconds;
  for (const { txid, delta } of dump.feeDeltas) mempool.prioritise(txid, delta);
  let accepted = 0;
  for (const { tx, time, feeDelta } of dump.transactions) {
    if (feeDelta !== 0n) mempool.prioritise(tx.txid, feeDelta);
    if (time > oldest && 'entry' in mempool.accept(tx, { time })) accepted++;
  }
  return { accepted, total: dump.transactions.length };
}
