import { dustThreshold } from '../mempool/policy/dust.ts';
import type { Random } from '../platform/random.ts';
import { randomInt } from '../platform/random.ts';
import { formatAmount, MAX_MONEY } from '../primitives/amount.ts';
import { type Transaction, type TxOut, txOutSize, WITNESS_SCALE_FACTOR } from '../primitives/transaction.ts';
import { type Selection, type SelectionTarget, selectCoins } from './coin-selection.ts';
import { WalletError } from './errors.ts';
import type { KeyPool } from './key-pool.ts';
import type { WalletCoin } from './ledger.ts';
import { signTransaction } from './signing.ts';

/** Satoshis per 1,000 virtual bytes at which policy measures dust (Core: DUST_RELAY_TX_FEE). */
const DUST_RATE = 3000n;
/** Satoshis per virtual byte: what a wallet may pay at most unless somebody typed a wrong number. */
const MAX_FEE_RATE = 100_000;

export interface PaymentOptions {
  /** Satoshis per virtual byte, to three decimals; default 1. */
  readonly feeRate?: number;
  /** Take the fee from the payments, in equal parts, instead of paying it on top. */
  readonly subtractFee?: boolean;
}

export interface Payment {
  readonly tx: Transaction;
  /** Satoshis. */
  readonly fee: bigint;
  /** Index of the change output, if there is one. */
  readonly changeIndex?: number;
}

/** What the wallet could spend now, and what it will be able to. */
export interface Funds {
  readonly spendable: readonly WalletCoin[];
  /** Satoshis of rewards that are too young. */
  readonly immature: bigint;
  /** Height of the block in which the first of them can be spent. */
  readonly maturesAt?: number;
  /** Satoshis sent by others that no block holds yet. */
  readonly pending: bigint;
}

/** Throws `WalletError` unless the fee rate and every output are such that the network would have them. */
export function checkPayment(outputs: readonly TxOut[], { feeRate = 1 }: PaymentOptions): void {
  if (!(feeRate > 0 && feeRate <= MAX_FEE_RATE)) {
    throw new WalletError('bad-fee-rate', `a fee rate of ${feeRate} sat/vB is not above 0 and up to ${MAX_FEE_RATE}`);
  }
  let sum = 0n;
  for (const output of outputs) {
    sum += output.value;
    if (output.value <= 0n || sum > MAX_MONEY) {
      throw new WalletError(
        'bad-amount',
        `the amount must be more than 0 and at most all money, not ${formatAmount(output.value)} BTC`,
      );
    }
    const least = dustThreshold(output, DUST_RATE);
    if (output.value < least) {
      throw new WalletError(
        'dust',
        `${formatAmount(output.value)} BTC are dust: nodes relay no such output of less than ${formatAmount(least)} BTC`,
      );
    }
  }
}

/** Chooses coins for the outputs. Throws `WalletError` 'insufficient-funds' or 'immature-coins'. */
export function choose(
  outputs: readonly TxOut[],
  change: TxOut,
  funds: Funds,
  options: PaymentOptions,
  random: Random,
): Selection<WalletCoin & { value: bigint; type: WalletCoin['key']['type'] }> {
  let amount = 0n;
  let outputWeight = 0;
  for (const output of outputs) {
    amount += output.value;
    outputWeight += txOutSize(output) * WITNESS_SCALE_FACTOR;
  }
  const target: SelectionTarget = {
    amount,
    outputWeight,
    outputCount: outputs.length,
    changeWeight: txOutSize(change) * WITNESS_SCALE_FACTOR,
    minimumChange: dustThreshold(change, DUST_RATE),
    feeRate: BigInt(Math.round((options.feeRate ?? 1) * 1000)),
    subtractFee: options.subtractFee ?? false,
  };
  // What others could still take back is used only when the rest does not do.
  const candidates = funds.spendable.map((coin) => ({ ...coin, value: coin.output.value, type: coin.key.type }));
  const confirmed = candidates.filter(({ entry }) => entry.confirmation);
  const selection = selectCoins(confirmed, target, random) ?? selectCoins(candidates, target, random);
  if (selection) return selection;
  throw insufficient(amount, funds);
}

function insufficient(amount: bigint, { spendable, immature, maturesAt, pending }: Funds): WalletError {
  let available = 0n;
  for (const { output } of spendable) available += output.value;
  const what = `${formatAmount(amount)} BTC and the fee are more than the ${formatAmount(available)} BTC that can be spent`;
  if (immature > 0n && amount <= available + immature) {
    return new WalletError('immature-coins', `${what}: ${formatAmount(immature)} BTC of block rewards are immature`, {
      hint: `The first of them can be spent in block ${maturesAt}.`,
    });
  }
  return new WalletError('insufficient-funds', `Insufficient funds: ${what}`, {
    ...(pending > 0n ? { hint: `${formatAmount(pending)} BTC from others wait for a block.` } : {}),
  });
}

/** Puts the outputs and the change, at a random place, into a signed transaction. */
export function build(
  outputs: readonly TxOut[],
  change: TxOut,
  selection: ReturnType<typeof choose>,
  keys: KeyPool,
  options: PaymentOptions,
  random: Random,
): Payment {
  const paid = options.subtractFee ? subtractFee(outputs, selection.fee) : [...outputs];
  let changeIndex: number | undefined;
  if (selection.change > 0n) {
    changeIndex = randomInt(random, paid.length + 1);
    paid.splice(changeIndex, 0, { ...change, value: selection.change });
  }
  const inputs = selection.coins.map(({ outpoint, output, key, entry }) => ({
    ...{ outpoint, output, previous: entry.tx, key: key.output, privateKey: keys.privateKey(key) },
  }));
  const tx = signTransaction(inputs, paid, 0);
  return { tx, fee: selection.fee, ...(changeIndex === undefined ? {} : { changeIndex }) };
}

/** Each payment pays an equal part of the fee, the first one the rest of the division. */
function subtractFee(outputs: readonly TxOut[], fee: bigint): TxOut[] {
  const part = fee / BigInt(outputs.length);
  return outputs.map((output, i) => {
    const value = output.value - (i === 0 ? fee - part * BigInt(outputs.length - 1) : part);
    const least = dustThreshold(output, DUST_RATE);
    if (value < least) {
      throw new WalletError(
        'dust',
        `${formatAmount(output.value)} BTC are too little to pay the fee of ${formatAmount(fee)} BTC from`,
      );
    }
    return { ...output, value };
  });
}
