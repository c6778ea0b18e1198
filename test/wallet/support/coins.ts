import type { MempoolEntry } from '../../../src/mempool/entry.ts';
import type { Transaction } from '../../../src/primitives/transaction.ts';
import type { AddressType, KeyRef } from '../../../src/wallet/keys.ts';
import { inactiveEntry } from '../../../src/wallet/ledger-entry.ts';
import type { SpendableCoin } from '../../../src/wallet/spend/chain-limits.ts';

/** Properties of a coin made for a test. */
export interface CoinOptions {
  readonly isConfirmed?: boolean;
  readonly type?: AddressType;
}

let made = 0;

/** Returns a coin of a transaction of its own, with an empty script: enough to be selected. */
export function coinOf(value: bigint, { isConfirmed = true, type = 'bech32' }: CoinOptions = {}): SpendableCoin {
  const txid = new Uint8Array(32);
  new DataView(txid.buffer).setUint32(0, ++made);
  const entry = inactiveEntry({ txid } as Transaction, 0);
  if (isConfirmed) entry.confirmation = { height: 1, blockHash: new Uint8Array(32), blockTime: 0, position: 0 };
  const scriptPubKey = new Uint8Array(0);
  const ref: KeyRef = { type, change: false, index: 0 };
  return {
    ...{ value, type, entry, outpoint: { txid, vout: 0 } },
    ...{ output: { value, scriptPubKey }, key: { ...ref, output: { scriptPubKey } } },
  };
}

/** Sizes and counts of a transaction in a mempool, with its ancestors. */
export interface Family {
  readonly vsize?: number;
  readonly descendantCount?: number;
  readonly descendantSize?: number;
  readonly ancestors?: readonly MempoolEntry[];
}

/** Returns a mempool entry, alone by default. */
export function entryOf({ vsize = 100, descendantCount = 1, descendantSize = vsize, ancestors = [] }: Family = {}) {
  const entry = { vsize, descendantCount, descendantSize, ancestorCount: 1 + ancestors.length, ancestors };
  return entry as unknown as MempoolEntry & { readonly ancestors: readonly MempoolEntry[] };
}
