import { fromHex, toHex, toReversedHex } from '../../bytes/hex.ts';
import { dustThreshold } from '../../mempool/policy/dust.ts';
import { PierError } from '../../platform/errors.ts';
import { formatOutPoint } from '../../primitives/outpoint.ts';
import { Transaction, type TxOut } from '../../primitives/transaction.ts';
import { type SigningInput, signTransaction } from '../../wallet/signing.ts';
import { type AccountKeys, keyRefOfPath } from '../accounts/account-keys.ts';
import { type Payer, Payment } from './payment.ts';

/** How an account replaces one of its payments. */
export interface ReplaceOptions {
  /** Satoshis per virtual byte. Default: enough to replace the payment and what spends it, 1 above their fee rate. */
  readonly feeRate?: number | undefined;
  /** Whether the account's node gets the transaction. If not, its `hex` can be used anywhere. Default: true. */
  readonly submit?: boolean | undefined;
}

/** Satoshis per 1,000 virtual bytes below which no node relays an output (Core: DUST_RELAY_TX_FEE). */
const DUST_RATE = 3000n;

/** A payment with what signing it again takes. */
interface Original {
  readonly tx: Transaction;
  readonly inputs: readonly SigningInput[];
  /** Satoshis. */
  readonly fee: bigint;
}

/** Spends the inputs of a payment in a transaction that pays all of them, less the fee, to `scriptPubKey`. */
export async function doubleSpend(
  payment: Payment,
  scriptPubKey: Uint8Array,
  keys: AccountKeys,
  payer: Payer,
  options: ReplaceOptions,
): Promise<Payment> {
  const original = await readOriginal(payment, keys, payer);
  return replace(payment, original, [{ value: 0n, scriptPubKey }], 0, payer, options);
}

/** Makes a payment again with a higher fee, which the change pays. */
export async function bumpFee(
  payment: Payment,
  keys: AccountKeys,
  payer: Payer,
  options: ReplaceOptions,
): Promise<Payment> {
  const original = await readOriginal(payment, keys, payer);
  const { outputs } = original.tx;
  const refs = await Promise.all(outputs.map((output) => keyOf(output, keys, payer)));
  const change = refs.findIndex((ref) => ref?.change === true);
  if (change < 0) {
    throw bad(`payment ${payment.txid} has no change to pay a higher fee`, 'Use doubleSpend, or spend its output.');
  }
  return replace(payment, original, outputs, change, payer, options);
}

/**
 * Pays `output` with the change of a payment, which need not be confirmed, at a fee rate in satoshis per virtual byte.
 * Returns undefined if there is no change, or too little.
 */
export async function spendChange(
  payment: Payment,
  output: TxOut,
  feeRate: number,
  keys: AccountKeys,
  payer: Payer,
): Promise<Payment | undefined> {
  const { outputs, txid } = Transaction.decode(fromHex(payment.hex));
  for (const [vout, change] of outputs.entries()) {
    const ref = await keyOf(change, keys, payer);
    if (!ref?.change) continue;
    const outpoint = { txid, vout };
    const inputs = [{ outpoint, output: change, key: keys.output(ref), privateKey: keys.privateKey(ref) }];
    const signed = (value: bigint) => signTransaction(inputs, [output, { ...change, value }], 0);
    // A signature may be a byte longer the next time.
    const value = change.value - output.value - BigInt(Math.ceil(feeRate * (signed(change.value).vsize + 1)));
    if (value < dustThreshold({ ...change, value: 0n }, DUST_RATE)) return undefined;
    const tx = signed(value);
    await payer.node.call('sendrawtransaction', [toHex(tx.encode()), 0]);
    return paymentOf(tx, payer, true);
  }
  return undefined;
}

/** Signs the payment's inputs for other outputs. The output at `rest` gets what the others and the fee leave. */
async function replace(
  payment: Payment,
  { tx, inputs, fee }: Original,
  outputs: readonly TxOut[],
  rest: number,
  payer: Payer,
  { feeRate, submit = true }: ReplaceOptions,
): Promise<Payment> {
  if (submit) await checkUnconfirmed(payment);
  const total = inputs.reduce((sum, { output }) => sum + output.value, 0n);
  const others = outputs.reduce((sum, { value }, i) => (i === rest ? sum : sum + value), 0n);
  const signed = (value: bigint) =>
    signTransaction(
      inputs,
      outputs.map((output, i) => (i === rest ? { ...output, value } : output)),
      tx.lockTime,
    );
  // A signature may be a byte longer the next time.
  const vsize = signed(total - others).vsize + inputs.length;
  const needed =
    feeRate === undefined ? await replacingFee(payment, tx, fee, vsize) : BigInt(Math.ceil(feeRate * vsize));
  const value = total - others - needed;
  if (value < dustThreshold({ ...outputs[rest]!, value: 0n }, DUST_RATE)) {
    throw bad(`a fee of ${needed} satoshis leaves nothing: there are ${total - others}`);
  }
  const made = signed(value);
  // No limit of the fee: the caller has chosen it.
  if (submit) await payer.node.call('sendrawtransaction', [toHex(made.encode()), 0]);
  return paymentOf(made, payer, submit);
}

function paymentOf(tx: Transaction, payer: Payer, isSubmitted: boolean): Payment {
  const { wallet, node, hooks } = payer;
  const payment = new Payment({ txid: tx.txidHex, hex: toHex(tx.encode()), wallet, node }, hooks);
  if (isSubmitted) hooks.made(payment);
  return payment;
}

/** Throws if a block decides already. */
async function checkUnconfirmed(payment: Payment): Promise<void> {
  const confirmations = await payment.confirmations();
  if (confirmations === 0) return;
  const has = confirmations > 0 ? `has ${confirmations} confirmations` : 'conflicts with a confirmed transaction';
  throw bad(
    `payment ${payment.txid} ${has}: no node replaces it`,
    'With { submit: false } the transaction is only made, for reorg({ replace: [it] }).',
  );
}

/** Returns a fee, in satoshis, with which a transaction replaces a payment and everything that spends it (BIP125). */
async function replacingFee(payment: Payment, tx: Transaction, fee: bigint, vsize: number): Promise<bigint> {
  const entry = await payment.node
    .call<{ fees: { descendant: number } }>('getmempoolentry', [payment.txid])
    .catch(() => undefined);
  const evicted = entry ? BigInt(Math.round(entry.fees.descendant * 1e8)) : fee;
  const atRate = Math.ceil((Number(fee) / tx.vsize + 1) * vsize);
  const least = evicted + BigInt(vsize);
  return least > BigInt(atRate) ? least : BigInt(atRate);
}

async function readOriginal(payment: Payment, keys: AccountKeys, payer: Payer): Promise<Original> {
  if (payment.wallet !== payer.wallet || payment.node !== payer.node) {
    throw bad(`payment ${payment.txid} is of ${payment.wallet}: ${payer.wallet} cannot sign for its coins`);
  }
  const tx = Transaction.decode(fromHex(payment.hex));
  const inputs: SigningInput[] = [];
  for (const { prevout } of tx.inputs) {
    const params = [toReversedHex(prevout.txid)];
    const { hex } = await payer.node.call<{ hex: string }>('gettransaction', params, payer.wallet);
    const output = Transaction.decode(fromHex(hex)).outputs[prevout.vout]!;
    const ref = await keyOf(output, keys, payer);
    if (!ref) throw bad(`${payer.wallet} has no key for the coin ${formatOutPoint(prevout)}`);
    inputs.push({ outpoint: prevout, output, key: keys.output(ref), privateKey: keys.privateKey(ref) });
  }
  const spent = inputs.reduce((sum, { output }) => sum + output.value, 0n);
  return { tx, inputs, fee: spent - tx.outputs.reduce((sum, { value }) => sum + value, 0n) };
}

/** Returns which key of the account an output pays to; undefined if none. */
async function keyOf(output: TxOut, keys: AccountKeys, { node, wallet }: Payer) {
  const address = keys.addressOf(output.scriptPubKey);
  if (address === undefined) return undefined;
  const { hdkeypath } = await node.call<{ hdkeypath?: string }>('getaddressinfo', [address], wallet);
  return hdkeypath === undefined ? undefined : keyRefOfPath(hdkeypath);
}

function bad(message: string, hint?: string): PierError {
  return new PierError('bad-replacement', message, hint === undefined ? {} : { hint });
}
