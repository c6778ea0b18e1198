import { toHex } from '../bytes/hex.ts';
import { sha256 } from '../crypto/hash.ts';
import type { Range, Store, StoreEntry, StoreOperation } from '../store/store.ts';
import { WalletError } from './errors.ts';
import type { RecordReader } from './records.ts';

// A value is stored as `=<checksum> <value>`. The checksum covers key and value, so that a damaged key is found too.
// One more record, SUM, is the exclusive or of all checksums: a record that is missing, or is there twice, is found.

const MARK = 0x3d; // '=', which begins no JSON
const CHECKSUM_BYTES = 8;
/** Bytes before the value: the mark, the checksum in hex, and a space. */
const HEADER = 1 + 2 * CHECKSUM_BYTES + 1;
const SUM = 'sum';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const sumKey = encoder.encode(SUM);

/** Kinds of records, by the part of the key before the first slash. */
const KINDS: readonly string[] = ['wallet', 'sync', 'next', 'key', 'tx'];

interface PendingWrite {
  readonly operations: readonly StoreOperation[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The records of a wallet file, with checksums: damage is found when the file is opened, and reported. */
export class CheckedStore implements RecordReader {
  readonly #store: Store;
  #sum: bigint;
  #queue: PendingWrite[] = [];
  #isWriting = false;

  private constructor(store: Store, sum: bigint) {
    this.#store = store;
    this.#sum = sum;
  }

  /**
   * Verifies all records. Those of an earlier version have no checksums; `checkUnproved` then verifies what they say
   * before they get theirs. Throws `WalletError` 'corrupt-wallet'.
   */
  static async open(store: Store, checkUnproved: (records: RecordReader) => Promise<void>): Promise<CheckedStore> {
    const reader = checkedReader(store);
    const stored = store.get(sumKey);
    let sum = 0n;
    const unproved: StoreOperation[] = [];
    for (const [key, value] of store.entries()) {
      const name = decoder.decode(key);
      if (name === SUM) continue;
      if (!KINDS.includes(name.slice(0, name.indexOf('/')))) throw corrupt(store, `unknown record ${shown(name)}`);
      if (value[0] === MARK) sum ^= checksumOf(store, key, value);
      else if (stored) throw corrupt(store, `record ${shown(name)} has no checksum`);
      else unproved.push({ type: 'put', key, value });
    }
    if (stored) {
      if (BigInt(`0x${text(unwrap(store, sumKey, stored))}`) !== sum) throw corrupt(store, 'a record is missing');
    } else if (sum !== 0n) throw corrupt(store, `record ${SUM} is missing`);
    const checked = new CheckedStore(store, sum);
    if (unproved.length > 0) {
      await checkUnproved(reader);
      await checked.write(unproved);
    }
    return checked;
  }

  /** Opens a store whose content was verified before, with the sum of that time. */
  static reopen(store: Store, sum: bigint): CheckedStore {
    return new CheckedStore(store, sum);
  }

  /** The exclusive or of all checksums. */
  get sum(): bigint {
    return this.#sum;
  }

  entries(range?: Range): IterableIterator<StoreEntry> {
    return checkedReader(this.#store).entries(range);
  }

  /** Writes a batch atomically, after the batches before it. Batches may be merged. Rejects if the write fails. */
  write(operations: readonly StoreOperation[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ operations, resolve, reject });
      if (!this.#isWriting) void this.#writeQueue();
    });
  }

  /** Resolves once all previous writes are durable. */
  async flushed(): Promise<void> {
    if (this.#isWriting) await this.write([]);
    await this.#store.flushed();
  }

  /** One write at a time: the sum of a batch follows from what the batches before it have left in the store. */
  async #writeQueue(): Promise<void> {
    this.#isWriting = true;
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      try {
        const { operations, sum } = this.#withChecksums(batch.flatMap((pending) => pending.operations));
        if (operations.length > 0) await this.#store.write(operations);
        this.#sum = sum;
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isWriting = false;
  }

  #withChecksums(operations: readonly StoreOperation[]): { operations: StoreOperation[]; sum: bigint } {
    const last = new Map<string, StoreOperation>();
    for (const operation of operations) last.set(decoder.decode(operation.key), operation);
    let sum = this.#sum;
    const checked: StoreOperation[] = [];
    for (const operation of last.values()) {
      const { key } = operation;
      const before = this.#store.get(key);
      if (before && before[0] === MARK) sum ^= checksumOf(this.#store, key, before);
      if (operation.type === 'delete') checked.push(operation);
      else {
        const proof = toHex(checksum(key, operation.value));
        sum ^= BigInt(`0x${proof}`);
        checked.push({ type: 'put', key, value: wrap(proof, operation.value) });
      }
    }
    if (checked.length === 0) return { operations: [], sum };
    const total = encoder.encode(sum.toString(16));
    const value = wrap(toHex(checksum(sumKey, total)), total);
    return { operations: [...checked, { type: 'put', key: sumKey, value }], sum };
  }
}

/** Returns the records of a store without their checksums, each verified when it is read. */
export function checkedReader(store: RecordReader): RecordReader {
  return {
    *entries(range) {
      for (const [key, value] of store.entries(range)) yield [key, unwrap(store, key, value)] as const;
    },
  };
}

/** Returns a `WalletError` 'corrupt-wallet' that names the file and the way out. */
export function corrupt(store: object, what: string, cause?: unknown): WalletError {
  const { path } = store as { readonly path?: string };
  const file = path ?? 'the wallet file';
  return new WalletError('corrupt-wallet', `${path ? `wallet file ${path}` : 'the wallet file'} is damaged: ${what}`, {
    hint:
      `Replace ${file} by a backup. Without one, note the words that 'pier showmnemonic' still prints, move the file ` +
      `away, and restore each wallet with 'pier createwallet --restore --name NAME'.`,
    cause,
  });
}

/** Returns the value with its checksum (hex) before it. */
function wrap(proof: string, value: Uint8Array): Uint8Array {
  const wrapped = new Uint8Array(HEADER + value.length);
  wrapped.set(encoder.encode(`=${proof} `));
  wrapped.set(value, HEADER);
  return wrapped;
}

function unwrap(store: RecordReader, key: Uint8Array, value: Uint8Array): Uint8Array {
  if (value[0] !== MARK) return value;
  checksumOf(store, key, value);
  return value.subarray(HEADER);
}

/** Returns the checksum of a stored value. Throws `WalletError` if it is wrong. */
function checksumOf(store: RecordReader, key: Uint8Array, value: Uint8Array): bigint {
  const expected = toHex(checksum(key, value.subarray(HEADER)));
  if (text(value.subarray(0, HEADER)) !== `=${expected} `) {
    throw corrupt(store, `record ${shown(decoder.decode(key))} has a wrong checksum`);
  }
  return BigInt(`0x${expected}`);
}

function checksum(key: Uint8Array, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(key.length + 1 + value.length);
  bytes.set(key);
  bytes.set(value, key.length + 1);
  return sha256(bytes).subarray(0, CHECKSUM_BYTES);
}

function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Returns a key as it can be printed: damage may have made it anything. */
function shown(name: string): string {
  return JSON.stringify(name).slice(1, -1).slice(0, 80);
}
