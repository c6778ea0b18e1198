import { toHex, toReversedHex } from '../../bytes/hex.ts';
import type { Coin } from '../../consensus/coins.ts';
import type { Transaction, TxIn, TxOut } from '../../primitives/transaction.ts';
import type { AddressPrefixes } from '../../script/address.ts';
import { amountJson, type JsonObject } from '../json/json.ts';
import { asmJson, hexJson, listJson } from './large-json.ts';
import { scriptPubKeyJson } from './script-json.ts';

/** What `transactionJson` includes. */
export interface TransactionJsonOptions {
  readonly prefixes: AddressPrefixes;
  /** The outputs that the inputs spend, in order; needed for the fee and for prevouts. */
  readonly spent?: readonly Coin[] | undefined;
  /** Whether inputs include the output that they spend. */
  readonly prevouts?: boolean;
  /** Whether the encoding is included. */
  readonly hex?: boolean;
}

/** Returns a transaction as JSON (Core: TxToUniv). */
export function transactionJson(tx: Transaction, options: TransactionJsonOptions): JsonObject {
  const { prefixes, spent } = options;
  return {
    txid: tx.txidHex,
    hash: tx.wtxidHex,
    version: tx.version,
    size: tx.totalSize,
    vsize: tx.vsize,
    weight: tx.weight,
    locktime: tx.lockTime,
    vin: listJson(tx.inputs, (input, i) =>
      inputJson(input, tx.isCoinbase, prefixes, options.prevouts ? spent?.[i] : undefined),
    ),
    vout: listJson(tx.outputs, (output, n) => outputJson(output, n, prefixes)),
    fee: spent && !tx.isCoinbase ? amountJson(feeOf(tx, spent)) : undefined,
    hex: options.hex ? hexJson(tx.encode()) : undefined,
  };
}

/** Returns the fee in satoshis; `spent` holds the outputs that the inputs spend. */
export function feeOf(tx: Transaction, spent: readonly Coin[]): bigint {
  let fee = 0n;
  for (const { output } of spent) fee += output.value;
  for (const { value } of tx.outputs) fee -= value;
  return fee;
}

function inputJson(input: TxIn, isCoinbase: boolean, prefixes: AddressPrefixes, spent: Coin | undefined): JsonObject {
  const { prevout, scriptSig, witness, sequence } = input;
  const txinwitness = witness.length > 0 ? listJson(witness, hexJson) : undefined;
  if (isCoinbase) return { coinbase: toHex(scriptSig), txinwitness, sequence };
  return {
    txid: toReversedHex(prevout.txid),
    vout: prevout.vout,
    scriptSig: { asm: asmJson(scriptSig, true), hex: hexJson(scriptSig) },
    txinwitness,
    prevout: spent && {
      generated: spent.isCoinbase,
      height: spent.height,
      value: amountJson(spent.output.value),
      scriptPubKey: scriptPubKeyJson(spent.output.scriptPubKey, prefixes),
    },
    sequence,
  };
}

function outputJson(output: TxOut, n: number, prefixes: AddressPrefixes): JsonObject {
  return { value: amountJson(output.value), n, scriptPubKey: scriptPubKeyJson(output.scriptPubKey, prefixes) };
}
