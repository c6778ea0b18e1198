import { fromHex } from '../../../src/bytes/hex.ts';
import { ByteReader } from '../../../src/bytes/reader.ts';
import { readTxOut, Transaction, type TxIn, type TxOut } from '../../../src/primitives/transaction.ts';
import type { ScriptError } from '../../../src/script/errors.ts';
import { SighashCache } from '../../../src/script/sighash/index.ts';
import { verifyInput } from '../../../src/script/verify.ts';
import { vectorJson } from '../../support/vectors.ts';
import { parseFlags } from './assemble.ts';

interface Spend {
  readonly scriptSig: string;
  readonly witness: readonly string[];
}

interface AssetRow {
  readonly tx: string;
  readonly prevouts: readonly string[];
  readonly index: number;
  readonly flags: string;
  readonly comment: string;
  readonly success?: Spend;
  readonly failure?: Spend;
  readonly final?: boolean;
}

/** A test case of script_assets.json. */
export interface Asset extends Omit<AssetRow, 'tx' | 'prevouts' | 'flags'> {
  readonly tx: Transaction;
  readonly prevouts: readonly TxOut[];
  readonly flags: number;
}

/** Loads the test cases of script_assets.json. */
export function loadAssets(): Asset[] {
  return vectorJson<AssetRow[]>('taproot/script_assets.json').map((row) => {
    const tx = Transaction.decode(fromHex(row.tx));
    const prevouts = row.prevouts.map((hex) => readTxOut(new ByteReader(fromHex(hex))));
    return { ...row, tx, prevouts, flags: parseFlags(row.flags) };
  });
}

/** Returns the asset's transaction with the given scriptSig and witness. */
export function buildSpend(asset: Asset, spend: Spend): Transaction {
  const inputs: TxIn[] = [...asset.tx.inputs];
  const { index } = asset;
  inputs[index] = {
    ...inputs[index]!,
    scriptSig: fromHex(spend.scriptSig),
    witness: spend.witness.map(fromHex),
  };
  const { version, outputs, lockTime } = asset.tx;
  return new Transaction({ version, inputs, outputs, lockTime });
}

/** Returns a function that verifies the asset's input, with the given scriptSig and witness, under given flags. */
export function prepareSpend(asset: Asset, spend: Spend): (flags: number) => ScriptError | undefined {
  const tx = buildSpend(asset, spend);
  const { index } = asset;
  const cache = new SighashCache(tx, asset.prevouts);
  return (flags) => verifyInput(tx, index, cache, flags);
}
