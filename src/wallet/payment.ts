import { dustThreshold } from '../mempool/policy/dust.ts';
import type { Random } from '../platform/random.ts';
import { randomInt } from '../platform/random.ts';
import { COIN, formatAmount, MAX_MONEY } from '../primitives/amount.ts';
import { type Transaction, type TxOut, txOutSize, WITNESS_SCALE_FACTOR } from '../primitives/transaction.ts';
import { Op } from '../script/opcodes.ts';
import { findSelection, type Selection, type SelectionFailure, type SelectionTarget } from './coin-selection.ts';
import { WalletError } from './errors.ts';
import type { KeyPool } from './key-pool.ts';
import type { WalletCoin } from './ledger-entry.ts';
import { type SigningInput, signingSteps } from './signing.ts';
import type { ChainLimits, SpendableCoin } from './spend/chain-limits.ts';

/** Satoshis per 1,000 virtual bytes that define dust (Core: DUST_RELAY_TX_FEE). */
const DUST_RATE = 3000n;
/** Maximum satoshis per virtual byte: with a higher rate, the fee of any transaction is above `MAX_FEE`. */
export const MAX_FEE_RATE = 100_000;

/** Maximum satoshis of a fee (Core: DEFAULT_TRANSACTION_MAXFEE). */
const MAX_FEE = COIN / 10n;

/** Options of a payment. */
export interface PaymentOptions {
  /** Satoshis per virtual byte, to three decimals; default 1. */
  readonly feeRate?: number;
  /** Subtracts the fee from the outputs, in equal parts, instead of adding it. */
  readonly subtractFee?: boolean;
  /** Whether the address of the change counts as handed out. Default: true. */
  readonly reserveChange?: boolean;
}

/** A signed payment. */
export interface Payment {
  readonly tx: Transaction;
  /** Satoshis. */
  readonly fee: bigint;
  /** Index of the change output, if there is one. */
  readonly changeIndex?: number;
}

/** The wallet's coins and balances, as coin selection needs them. */
export interface Funds {
  readonly spendable: readonly WalletCoin[];
  /** Satoshis of immature block rewards. */
  readonly immature: bigint;
  /** Height of the first block that can spend one of them; infinite if there are none. */
  readonly maturesAt: number;
  /** Satoshis of unconfirmed payments from others. */
  readonly pending: bigint;
  readonly chains: ChainLimits;
}

/** Throws `WalletError` 'bad-fee-rate', 'bad-amount' or 'dust' unless nodes would relay such a payment. */
export function checkPayment(outputs: readonly TxOut[], { feeRate = 1 }: PaymentOptions): void {
  if (!(feeRate > 0 && feeRate <= MAX_FEE_RATE)) {
    throw new WalletError(
      'bad-fee-rate',
      `the fee rate must be above 0 and at most ${MAX_FEE_RATE} sat/vB, not ${feeRate} sat/vB`,
    );
  }
  let sum = 0n;
  for (const output of outputs) {
    sum += output.value;
    // An output of data alone needs no coins.
    const isData = output.value === 0n && output.scriptPubKey[0] === Op.OP_RETURN;
    if ((output.value <= 0n && !isData) || sum > MAX_MONEY) {
      throw new WalletError(
        'bad-amount',
        `amounts must be above 0 and at most ${formatAmount(MAX_MONEY)} BTC in sum, not ${formatAmount(output.value)} BTC`,
      );
    }
    const least = dustThreshold(output, DUST_RATE);
    if (output.value < least) {
      throw new WalletError(
        'dust',
        `${formatAmount(output.value)} BTC is dust: nodes relay no such output below ${formatAmount(least)} BTC`,
      );
    }
  }
}

/**
 * Selects coins for the outputs, in steps. Throws `WalletError` 'insufficient-funds', 'immature-coins',
 * 'too-many-inputs', 'too-long-chain' or 'max-fee'.
 */
export function* choosingSteps(
  outputs: readonly TxOut[],
  change: TxOut,
  funds: Funds,
  options: PaymentOptions,
  random: Random,
): Generator<void, Selection<SpendableCoin>> {
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
  const confirmed: SpendableCoin[] = [];
  const unconfirmed: SpendableCoin[] = [];
  for (const coin of funds.spendable) {
    const { entry, output, key } = coin;
    (entry.confirmation ? confirmed : unconfirmed).push({ ...coin, value: output.value, type: key.type });
    yield;
  }
  // Unconfirmed coins, which a conflict could remove, are used only if the confirmed ones are not enough; first those
  // with few ancestors and descendants (Core: AutomaticCoinSelection).
  let failure: SelectionFailure = 'not-enough';
  let tried = -1;
  for (const limit of [0, 2, 4, 12, Number.POSITIVE_INFINITY]) {
    const candidates = [...confirmed, ...funds.chains.spendableTogether(unconfirmed, limit)];
    if (candidates.length === tried) continue;
    tried = candidates.length;
    yield;
    const selection = findSelection(candidates, target, random);
    if (selection === 'too-heavy') failure = selection;
    if (typeof selection === 'string') continue;
    if (selection.fee > MAX_FEE) {
      throw new WalletError('max-fee', 'Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)');
    }
    return selection;
  }
  if (failure === 'not-enough' && typeof findSelection([...confirmed, ...unconfirmed], target, random) !== 'string') {
    throw new WalletError(
      'too-long-chain',
      'Unconfirmed UTXOs are available, but spending them creates a chain of transactions that will be rejected by the mempool',
    );
  }
  if (failure === 'too-heavy') {
    throw new WalletError(
      'too-many-inputs',
      "The inputs size exceeds the maximum weight. Please try sending a smaller amount or manually consolidating your wallet's UTXOs",
    );
  }
  throw insufficient(amount, funds);
}

function insufficient(amount: bigint, { spendable, immature, maturesAt, pending }: Funds): WalletError {
  let available = 0n;
  for (const { output } of spendable) available += output.value;
  const what = `${formatAmount(amount)} BTC plus the fee exceeds the spendable ${formatAmount(available)} BTC`;
  if (immature > 0n && amount <= available + immature) {
    return new WalletError('immature-coins', `${what}: ${formatAmount(immature)} BTC of block rewards are immature`, {
      hint: `The first reward can be spent in block ${maturesAt}.`,
    });
  }
  return new WalletError('insufficient-funds', `Insufficient funds: ${what}`, {
    ...(pending > 0n ? { hint: `${formatAmount(pending)} BTC from others is unconfirmed.` } : {}),
  });
}

/** Builds and signs the transaction, in steps; the change output gets a random position. */
export function* buildingSteps(
  outputs: readonly TxOut[],
  change: TxOut,
  selection: Selection<SpendableCoin>,
  keys: KeyPool,
  options: PaymentOptions,
  random: Random,
): Generator<void, Payment> {
  const paid = options.subtractFee ? subtractFee(outputs, selection.fee) : [...outputs];
  let changeIndex: number | undefined;
  if (selection.change > 0n) {
    changeIndex = randomInt(random, paid.length + 1);
    paid.splice(changeIndex, 0, { ...change, value: selection.change });
  }
  const inputs: SigningInput[] = [];
  for (const { outpoint, output, key } of selection.coins) {
    inputs.push({ outpoint, output, key: key.output, privateKey: keys.privateKey(key) });
    yield;
  }
  const tx = yield* signingSteps(inputs, paid, 0);
  return { tx, fee: selection.fee, ...(changeIndex === undefined ? {} : { changeIndex }) };
}

/** Subtracts the fee from the outputs in equal parts; the first output also pays the remainder (as Core does). */
function subtractFee(outputs: readonly TxOut[], fee: bigint): TxOut[] {
  const part = fee / BigInt(outputs.length);
  return outputs.map((output, i) => {
    const value = output.value - (i === 0 ? fee - part * BigInt(outputs.length - 1) : part);
    const least = dustThreshold(output, DUST_RATE);
    if (value < least) {
      throw new WalletError(
        'dust',
        `${formatAmount(output.value)} BTC is too small to subtract the fee of ${formatAmount(fee)} BTC`,
      );
    }
    return { ...output, value };
  });
}
