import { nullOutPoint, type OutPoint } from '../../../src/primitives/outpoint.ts';
import { Transaction } from '../../../src/primitives/transaction.ts';
import type { StoreOperation } from '../../../src/store/store.ts';
import { KeyPool } from '../../../src/wallet/key-pool.ts';
import type { KeyTree } from '../../../src/wallet/keys.ts';
import { Ledger } from '../../../src/wallet/ledger.ts';
import type { Confirmation, TransactionRecord } from '../../../src/wallet/records.ts';
import { spend } from '../../chain/support/builder.ts';

/** A script that no wallet has the key of. */
export const foreignScript = Uint8Array.of(0x51);

/** Returns the script of the wallet's key at an index. */
export const ownScript = (index = 0) => Uint8Array.of(0x52, index);

/** A ledger whose keys are invented: `ownScript` and no others, of which `gap` after the last one used are watched. */
export function ledgerWith(records: readonly TransactionRecord[] = [], gap = 20): Ledger {
  const tree = {
    output: ({ index, change }: { index: number; change: boolean }) => {
      return { scriptPubKey: change ? Uint8Array.of(0x53, index) : ownScript(index) };
    },
  };
  const keys = new KeyPool(1, tree as unknown as KeyTree, { keys: [], next: [] }, gap);
  keys.open('bech32');
  return new Ledger(1, keys, records);
}

let coins = 0;

/** Returns an outpoint of a transaction that no ledger knows. */
export function foreignCoin(): OutPoint {
  const txid = new Uint8Array(32).fill(9);
  new DataView(txid.buffer).setUint32(0, ++coins);
  return { txid, vout: 0 };
}

/** Returns a transaction that spends these coins, by default a foreign one, and pays 1,000 satoshis to each script. */
export function paying(scripts: readonly Uint8Array[], inputs: readonly OutPoint[] = [foreignCoin()]): Transaction {
  return spend({ inputs, outputs: scripts.map((scriptPubKey) => ({ value: 1000n, scriptPubKey })) });
}

/** Returns a coinbase that pays the wallet. */
export function rewarding(height: number): Transaction {
  const inputs = [{ prevout: nullOutPoint, scriptSig: Uint8Array.of(1, height), sequence: 0, witness: [] }];
  return new Transaction({ version: 2, inputs, outputs: [{ value: 50n, scriptPubKey: ownScript() }], lockTime: 0 });
}

/** Returns a place in a block. */
export function inBlock(height: number, position = 1): Confirmation {
  return { height, position, blockTime: 600 * height, blockHash: new Uint8Array(32).fill(height) };
}

/** Returns the txids of the transactions that operations write or delete, in order. */
export function written(operations: readonly StoreOperation[]): string[] {
  return operations
    .map(({ key }) => new TextDecoder().decode(key))
    .flatMap((key) => key.match(/^tx\/0001\/(.*)$/)?.[1] ?? []);
}
