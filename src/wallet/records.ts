import { fromHex, fromReversedHex, toHex, toReversedHex } from '../bytes/hex.ts';
import { Transaction } from '../primitives/transaction.ts';
import type { StoreOperation, StoreReader } from '../store/store.ts';
import { WalletError } from './errors.ts';
import { type AddressType, addressTypes, type KeyOutput, type KeyRef } from './keys.ts';

// Keys are text, `<kind>/<wallet>/<rest>`; values are JSON. A wallet file is small and must stay readable for long.

/** Identity and seed of a wallet: secret. */
export interface WalletRecord {
  readonly name: string;
  readonly addressType: AddressType;
  readonly mnemonic: string;
  /** The BIP32 root, which saves the PBKDF2 rounds of the mnemonic at every start. */
  readonly xprv: string;
  /** Unix seconds of the creation: no older block concerns the wallet. 0 for a restored wallet. */
  readonly birthday: number;
  /** Keys to watch after the last one used; absent: the default. */
  readonly gap?: number;
  /** Number of the account in the derivation paths; absent: 0. */
  readonly account?: number;
}

/** The block up to which a wallet is scanned. */
export interface SyncRecord {
  readonly height: number;
  /** Locator of that block, highest hash first; finds the fork point after a reorganisation. */
  readonly locator: readonly Uint8Array[];
  /** Set while payments to keys that are watched only since may be in blocks already scanned. */
  readonly pass?: ScanPass;
}

/** A scan of the blocks, to be repeated if the wallet watches more keys at its end than at its start. */
export interface ScanPass {
  /** Height of the last block that need not be scanned. */
  readonly from: number;
  /** Number of keys that these blocks have been scanned for. */
  readonly watched: number;
  /** Of light nodes: which of the blocks have been matched with fewer keys, in order of height. */
  readonly unmatched?: readonly UnmatchedKeys[];
  /**
   * Of light nodes: scriptPubKeys (hex) of coins found in blocks that were matched again. Later blocks have been matched
   * with these scripts when the coins were not known, so that their spends were not recognised.
   */
  readonly found?: readonly string[];
}

/** The blocks up to a height that only the first keys of each chain have been matched with. */
export interface UnmatchedKeys {
  readonly height: number;
  /** Numbers of these keys, as of `Wallet.watchedCounts`. */
  readonly watched: readonly number[];
}

/** A watched key, with its output. */
export interface KeyRecord extends KeyRef {
  readonly output: KeyOutput;
  readonly label?: string;
}

/** A block, by height and hash. */
export interface BlockReference {
  readonly height: number;
  /** 32 bytes, internal order. */
  readonly blockHash: Uint8Array;
}

/** The block that contains a transaction. */
export interface Confirmation extends BlockReference {
  /** Unix seconds from the header. */
  readonly blockTime: number;
  /** Position in the block. */
  readonly position: number;
}

/** A stored wallet transaction. */
export interface TransactionRecord {
  readonly tx: Transaction;
  /** Unix seconds when the wallet first saw the transaction. */
  readonly time: number;
  readonly confirmation?: Confirmation;
  /** The block that the transaction conflicts with. */
  readonly conflict?: BlockReference;
  /** Whether the transaction conflicts with a block; set by earlier versions, without the block. */
  readonly conflicted?: boolean;
  readonly abandoned?: boolean;
  readonly replaced?: boolean;
}

/** What the functions below read records from. */
export type RecordReader = Pick<StoreReader, 'entries'>;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Returns the write of a record; JSON omits fields that are undefined. */
function put(key: string, value: unknown): StoreOperation {
  return { type: 'put', key: encoder.encode(key), value: encoder.encode(JSON.stringify(value)) };
}

const walletKey = (id: number) => `wallet/${String(id).padStart(4, '0')}`;
const prefixOf = (kind: string, id: number) => `${kind}/${String(id).padStart(4, '0')}/`;
const chainName = ({ type, change }: Omit<KeyRef, 'index'>) => `${type}/${change ? 1 : 0}`;

/** Returns the write of a wallet's identity. */
export function putWallet(id: number, record: WalletRecord): StoreOperation {
  return put(walletKey(id), record);
}

/** Returns the write of a wallet's sync state. */
export function putSync(id: number, { height, locator, pass }: SyncRecord): StoreOperation {
  return put(`${prefixOf('sync', id)}tip`, { height, locator: locator.map(toReversedHex), pass });
}

/** Returns the write of the number of keys handed out on a chain. */
export function putNext(id: number, chain: Omit<KeyRef, 'index'>, next: number): StoreOperation {
  return put(`${prefixOf('next', id)}${chainName(chain)}`, next);
}

/** Returns the write of a key. */
export function putKey(id: number, { output, label, ...ref }: KeyRecord): StoreOperation {
  const { scriptPubKey, redeemScript, tapInternalKey } = output;
  return put(`${prefixOf('key', id)}${chainName(ref)}/${String(ref.index).padStart(8, '0')}`, {
    scriptPubKey: toHex(scriptPubKey),
    redeemScript: redeemScript && toHex(redeemScript),
    tapInternalKey: tapInternalKey && toHex(tapInternalKey),
    label,
  });
}

/** Returns the write of a transaction. */
export function putTransaction(id: number, record: TransactionRecord): StoreOperation {
  const { tx, time, confirmation, conflict, abandoned, replaced } = record;
  return put(`${prefixOf('tx', id)}${tx.txidHex}`, {
    raw: toHex(tx.encode()),
    time,
    ...(confirmation ? { ...confirmation, blockHash: toReversedHex(confirmation.blockHash) } : {}),
    ...(conflict ? { conflict: { ...conflict, blockHash: toReversedHex(conflict.blockHash) } } : {}),
    ...(abandoned ? { abandoned } : {}),
    ...(replaced ? { replaced } : {}),
  });
}

/** Returns the deletion of a transaction. */
export function deleteTransaction(id: number, txidHex: string): StoreOperation {
  return { type: 'delete', key: encoder.encode(`${prefixOf('tx', id)}${txidHex}`) };
}

/** Yields the records whose keys start with `prefix`: the rest of the key, and the parsed value. */
function* scan(store: RecordReader, prefix: string): Generator<[rest: string, value: unknown]> {
  const gte = encoder.encode(prefix);
  for (const [key, value] of store.entries({ gte, lt: encoder.encode(`${prefix}\u007f`) })) {
    const name = decoder.decode(key);
    yield [name.slice(prefix.length), parseJson(name, value)];
  }
}

function parseJson(name: string, value: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(value));
  } catch (cause) {
    throw new WalletError('corrupt-wallet', `unreadable record ${name} in the wallet file`, { cause });
  }
}

/** Yields all wallets. Throws `WalletError` 'corrupt-wallet', as all of these functions do. */
export function* readWallets(store: RecordReader): Generator<[id: number, record: WalletRecord]> {
  for (const [id, record] of scan(store, 'wallet/')) yield [Number(id), record as WalletRecord];
}

/** Returns a wallet's sync state; undefined before its first scan. */
export function readSync(store: RecordReader, id: number): SyncRecord | undefined {
  for (const [, value] of scan(store, prefixOf('sync', id))) {
    const { height, locator, pass } = value as { height: number; locator: string[]; pass?: ScanPass };
    return { height, locator: locator.map(fromReversedHex), ...(pass ? { pass } : {}) };
  }
  return undefined;
}

/** Yields the number of keys handed out on each chain. */
export function* readNext(store: RecordReader, id: number): Generator<[chain: Omit<KeyRef, 'index'>, next: number]> {
  for (const [name, next] of scan(store, prefixOf('next', id))) yield [parseChain(name), next as number];
}

/** Yields a wallet's keys. */
export function* readKeys(store: RecordReader, id: number): Generator<KeyRecord> {
  for (const [rest, value] of scan(store, prefixOf('key', id))) yield parseKey(rest, value);
}

/** Yields a wallet's transactions. */
export function* readTransactions(store: RecordReader, id: number): Generator<TransactionRecord> {
  for (const [txid, value] of scan(store, prefixOf('tx', id))) {
    const record = parseTransaction(value);
    const isRight = record.tx.txidHex === txid;
    if (!isRight) throw new WalletError('corrupt-wallet', `the record of transaction ${txid} is damaged`);
    yield record;
  }
}

function parseKey(name: string, value: unknown): KeyRecord {
  const stored = value as { scriptPubKey: string; redeemScript?: string; tapInternalKey?: string; label?: string };
  return {
    ...parseChain(name),
    index: Number(name.slice(name.lastIndexOf('/') + 1)),
    output: {
      scriptPubKey: fromHex(stored.scriptPubKey),
      ...(stored.redeemScript === undefined ? {} : { redeemScript: fromHex(stored.redeemScript) }),
      ...(stored.tapInternalKey === undefined ? {} : { tapInternalKey: fromHex(stored.tapInternalKey) }),
    },
    ...(stored.label === undefined ? {} : { label: stored.label }),
  };
}

function parseTransaction(value: unknown): TransactionRecord {
  const { raw, time, conflict, conflicted, abandoned, replaced, blockHash, ...place } = value as {
    raw: string;
    time: number;
    conflict?: { height: number; blockHash: string };
    conflicted?: boolean;
    abandoned?: boolean;
    replaced?: boolean;
    blockHash?: string;
  } & Omit<Confirmation, 'blockHash'>;
  return {
    ...{ tx: Transaction.decode(fromHex(raw)), time },
    ...(blockHash === undefined ? {} : { confirmation: { ...place, blockHash: fromReversedHex(blockHash) } }),
    ...(conflict ? { conflict: { ...conflict, blockHash: fromReversedHex(conflict.blockHash) } } : {}),
    ...(conflicted ? { conflicted } : {}),
    ...(abandoned ? { abandoned } : {}),
    ...(replaced ? { replaced } : {}),
  };
}

function parseChain(name: string): Omit<KeyRef, 'index'> {
  const [typeName, change] = name.split('/');
  const type = addressTypes.find((each) => each === typeName);
  if (!type) throw new WalletError('corrupt-wallet', `unknown address type '${typeName}' in the wallet file`);
  return { type, change: change === '1' };
}
