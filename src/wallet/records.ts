import { fromHex, fromReversedHex, toHex, toReversedHex } from '../bytes/hex.ts';
import { Transaction } from '../primitives/transaction.ts';
import type { StoreOperation, StoreReader } from '../store/store.ts';
import { WalletError } from './errors.ts';
import { type AddressType, addressTypes, type KeyOutput, type KeyRef } from './keys.ts';

// Keys are text, `<kind>/<wallet>/<rest>`, values JSON: a wallet file is small, and should outlive this program.

/** Who a wallet is: a secret. */
export interface WalletRecord {
  readonly name: string;
  readonly addressType: AddressType;
  readonly mnemonic: string;
  /** BIP32's root, so that the mnemonic need not be stretched at every start. */
  readonly xprv: string;
  /** Unix seconds: older blocks hold nothing of this wallet; 0 for one that was restored. */
  readonly birthday: number;
}

/** How far a wallet has followed the chain. */
export interface SyncRecord {
  readonly height: number;
  /** Hashes of blocks up to that height, the highest first, to find the fork by after a reorganisation. */
  readonly locator: readonly Uint8Array[];
}

/** A key whose output is watched for; the first `next` of a chain have been handed out. */
export interface KeyRecord extends KeyRef {
  readonly output: KeyOutput;
  readonly label?: string;
}

/** Where a transaction stands: in a block, or not. */
export interface Confirmation {
  readonly height: number;
  readonly blockHash: Uint8Array;
  /** Unix seconds, of the header. */
  readonly blockTime: number;
  /** Position in the block. */
  readonly position: number;
}

export interface TransactionRecord {
  readonly tx: Transaction;
  /** Unix seconds at which the wallet first saw it. */
  readonly time: number;
  readonly confirmation?: Confirmation;
  /** A block holds another transaction that spends the same coins. */
  readonly conflicted?: boolean;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function put(key: string, value: unknown): StoreOperation {
  return { type: 'put', key: encoder.encode(key), value: encoder.encode(JSON.stringify(value)) };
}

const walletKey = (id: number) => `wallet/${String(id).padStart(4, '0')}`;
const prefixOf = (kind: string, id: number) => `${kind}/${String(id).padStart(4, '0')}/`;
const chainName = ({ type, change }: Omit<KeyRef, 'index'>) => `${type}/${change ? 1 : 0}`;

export function putWallet(id: number, record: WalletRecord): StoreOperation {
  return put(walletKey(id), record);
}

export function putSync(id: number, { height, locator }: SyncRecord): StoreOperation {
  return put(`${prefixOf('sync', id)}tip`, { height, locator: locator.map(toReversedHex) });
}

/** Says that the first `next` addresses of a chain have been handed out. */
export function putNext(id: number, chain: Omit<KeyRef, 'index'>, next: number): StoreOperation {
  return put(`${prefixOf('next', id)}${chainName(chain)}`, next);
}

export function putKey(id: number, { output, label, ...ref }: KeyRecord): StoreOperation {
  const { scriptPubKey, redeemScript, tapInternalKey } = output;
  return put(`${prefixOf('key', id)}${chainName(ref)}/${String(ref.index).padStart(8, '0')}`, {
    scriptPubKey: toHex(scriptPubKey),
    ...(redeemScript ? { redeemScript: toHex(redeemScript) } : {}),
    ...(tapInternalKey ? { tapInternalKey: toHex(tapInternalKey) } : {}),
    ...(label === undefined ? {} : { label }),
  });
}

export function putTransaction(id: number, { tx, time, confirmation, conflicted }: TransactionRecord): StoreOperation {
  return put(`${prefixOf('tx', id)}${tx.txidHex}`, {
    raw: toHex(tx.encode()),
    time,
    ...(confirmation ? { ...confirmation, blockHash: toReversedHex(confirmation.blockHash) } : {}),
    ...(conflicted ? { conflicted } : {}),
  });
}

export function deleteTransaction(id: number, txidHex: string): StoreOperation {
  return { type: 'delete', key: encoder.encode(`${prefixOf('tx', id)}${txidHex}`) };
}

/** The records whose keys begin with `prefix`: what follows it, and the value. */
function* scan(store: StoreReader, prefix: string): Generator<[rest: string, value: unknown]> {
  const gte = encoder.encode(prefix);
  for (const [key, value] of store.entries({ gte, lt: encoder.encode(`${prefix}\u007f`) })) {
    const name = decoder.decode(key);
    try {
      yield [name.slice(prefix.length), JSON.parse(decoder.decode(value))];
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
      throw new WalletError('corrupt-wallet', `the wallet file's record ${name} cannot be read`, { cause });
    }
  }
}

export function* readWallets(store: StoreReader): Generator<[id: number, record: WalletRecord]> {
  for (const [id, record] of scan(store, 'wallet/')) yield [Number(id), record as WalletRecord];
}

export function readSync(store: StoreReader, id: number): SyncRecord | undefined {
  for (const [, value] of scan(store, prefixOf('sync', id))) {
    const { height, locator } = value as { height: number; locator: string[] };
    return { height, locator: locator.map(fromReversedHex) };
  }
  return undefined;
}

export function* readNext(store: StoreReader, id: number): Generator<[chain: Omit<KeyRef, 'index'>, next: number]> {
  for (const [name, next] of scan(store, prefixOf('next', id))) yield [parseChain(name), next as number];
}

export function* readKeys(store: StoreReader, id: number): Generator<KeyRecord> {
  for (const [name, value] of scan(store, prefixOf('key', id))) {
    const stored = value as { scriptPubKey: string; redeemScript?: string; tapInternalKey?: string; label?: string };
    yield {
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
}

export function* readTransactions(store: StoreReader, id: number): Generator<TransactionRecord> {
  for (const [, value] of scan(store, prefixOf('tx', id))) {
    const { raw, time, conflicted, blockHash, ...place } = value as {
      raw: string;
      time: number;
      conflicted?: boolean;
      blockHash?: string;
    } & Omit<Confirmation, 'blockHash'>;
    yield {
      tx: Transaction.decode(fromHex(raw)),
      time,
      ...(blockHash === undefined ? {} : { confirmation: { ...place, blockHash: fromReversedHex(blockHash) } }),
      ...(conflicted ? { conflicted } : {}),
    };
  }
}

function parseChain(name: string): Omit<KeyRef, 'index'> {
  const [typeName, change] = name.split('/');
  const type = addressTypes.find((each) => each === typeName);
  if (!type) throw new WalletError('corrupt-wallet', `'${typeName}' is no type of address`);
  return { type, change: change === '1' };
}
