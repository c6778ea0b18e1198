import { fromHex, toHex, toReversedHex } from '../../bytes/hex.ts';
import type { OutPoint } from '../../primitives/outpoint.ts';
import type { Transaction, TxOut } from '../../primitives/transaction.ts';
import { Op } from '../../script/opcodes.ts';
import { compileScript } from '../../script/script.ts';
import { type SigningInput, signTransaction } from '../../wallet/signing.ts';
import type { AccountKeys } from '../accounts/account-keys.ts';

/** Virtual bytes of a signed transaction with one input and one output, and of an output with data in addition. */
const BASE_VSIZE = 110;
const DATA_VSIZE = 16;
/** Virtual bytes of each further input, and output. */
const INPUT_VSIZE = 68;
const OUTPUT_VSIZE = 31;

/** Times that a filler is signed again until its fee fits its size: each succeeds in about half of the cases. */
const MAX_TRIES = 50;

/** A confirmed output of the faucet. */
export interface FaucetCoin {
  readonly outpoint: OutPoint;
  /** Satoshis. */
  readonly value: bigint;
}

/** A transaction to be submitted. */
export interface RawTransaction {
  readonly txid: string;
  readonly hex: string;
}

/** Returns the coins in a result of `listunspent`, least value first. */
export function coinsOf(unspent: readonly { txid: string; vout: number; amount: number }[]): FaucetCoin[] {
  return unspent
    .map(({ txid, vout, amount }) => ({
      outpoint: { txid: fromHex(txid).reverse(), vout },
      value: BigInt(Math.round(amount * 1e8)),
    }))
    .sort(
      (a, b) => Number(a.value - b.value) || (toReversedHex(a.outpoint.txid) < toReversedHex(b.outpoint.txid) ? -1 : 1),
    );
}

/** Returns a transaction that divides coins into one for each of `values`; the change pays the fee. */
export function splitCoins(
  coins: readonly FaucetCoin[],
  values: readonly bigint[],
  keys: AccountKeys,
  feeRate: number,
): RawTransaction {
  const { scriptPubKey } = keys.output();
  const total = coins.reduce((sum, { value }) => sum + value, 0n);
  const vsize = BASE_VSIZE + INPUT_VSIZE * coins.length + OUTPUT_VSIZE * values.length;
  const change = total - values.reduce((sum, value) => sum + value, 0n) - BigInt(Math.ceil(vsize * feeRate));
  return raw(
    sign(
      coins,
      [...values, change].map((value) => ({ value, scriptPubKey })),
      keys,
    ),
  );
}

/**
 * Returns a transaction of about `vsize` virtual bytes that pays `fillerFee`, and the rest of the coin back. Most of it is
 * data (OP_RETURN).
 */
export function fillerTransaction(coin: FaucetCoin, vsize: number, rate: number, keys: AccountKeys): RawTransaction {
  const { scriptPubKey } = keys.output();
  const size = vsize - BASE_VSIZE - DATA_VSIZE;
  const data = size > 0 ? [{ value: 0n, scriptPubKey: compileScript(Op.OP_RETURN, new Uint8Array(size)) }] : [];
  let fee = fillerFee(vsize, rate);
  // The signature's length, and with it the size, can change with the fee: another lock time gives another signature, so that
  // two fees do not ask for each other for ever. All of them are below the height of a funded chain.
  for (let tries = 0; ; tries++) {
    const tx = sign([coin], [{ value: coin.value - fee, scriptPubKey }, ...data], keys, tries);
    const exact = fillerFee(tx.vsize, rate);
    if (exact === fee || tries === MAX_TRIES) return raw(tx);
    fee = exact;
  }
}

/**
 * Returns the fee, in satoshis, of a rate per 1,000 virtual bytes. The rate of a large filler, rounded down, is then exact;
 * that of a small one is not above it, though a satoshi makes a difference of several units.
 */
export function fillerFee(vsize: number, rate: number): bigint {
  const fee = (vsize * rate) / 1000;
  return BigInt(vsize > 1000 ? Math.ceil(fee) : Math.floor(fee));
}

function sign(coins: readonly FaucetCoin[], outputs: readonly TxOut[], keys: AccountKeys, lockTime = 0): Transaction {
  const key = keys.output();
  const privateKey = keys.privateKey();
  const { scriptPubKey } = key;
  const inputs = coins.map(
    ({ outpoint, value }): SigningInput => ({ outpoint, output: { value, scriptPubKey }, key, privateKey }),
  );
  return signTransaction(inputs, outputs, lockTime);
}

function raw(tx: Transaction): RawTransaction {
  return { txid: tx.txidHex, hex: toHex(tx.encode()) };
}
