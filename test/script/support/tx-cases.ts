import { fromHex, fromReversedHex } from '../../../src/bytes/hex.ts';
import { outPointKey } from '../../../src/primitives/outpoint.ts';
import { Transaction, type TxOut } from '../../../src/primitives/transaction.ts';
import { vectorJson } from '../../support/vectors.ts';
import { assemble, parseFlags } from './assemble.ts';

type Prevout = readonly [txid: string, vout: number, scriptPubKey: string, amount?: number];
type Row = readonly [prevouts: readonly Prevout[], tx: string, flags: string];

/** A transaction of tx_valid.json or tx_invalid.json. */
export interface TxCase {
  readonly name: string;
  readonly tx: Transaction;
  /** In the order of the inputs. */
  readonly spent: readonly TxOut[];
  /** Names of flags: those to exclude (valid), or to apply (invalid). */
  readonly flags: string;
}

/** Loads the transactions of a file. */
export function loadTxCases(path: string): TxCase[] {
  return vectorJson<(Row | readonly [string])[]>(path)
    .filter((row): row is Row => row.length === 3)
    .map(([prevouts, raw, flags]) => {
      const tx = Transaction.decode(fromHex(raw));
      const outputs = new Map<string, TxOut>();
      for (const [txid, vout, script, amount] of prevouts) {
        const outpoint = { txid: fromReversedHex(txid), vout: vout >>> 0 };
        outputs.set(outPointKey(outpoint), { value: BigInt(amount ?? 0), scriptPubKey: assemble(script) });
      }
      const spent = tx.inputs.map(({ prevout }) => outputs.get(outPointKey(prevout))!);
      return { name: `${tx.txidHex} (${flags})`, tx, spent, flags };
    });
}

/** Returns the flags that a case names. */
export function namedFlags(names: string): number {
  return parseFlags(names === 'NONE' ? '' : names);
}
