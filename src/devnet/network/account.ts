import { PierError } from '../../platform/errors.ts';
import { type AddressType, addressTypes } from '../../wallet/keys.ts';
import type { AccountDescriptors, AccountKeys, ExtendedKeys } from '../accounts/account-keys.ts';
import { type Amount, toBitcoins, toSatoshis } from '../topology/amount.ts';
import { check } from './arguments/method-arguments.ts';
import { findAddress } from './arguments/references.ts';
import type { NetworkNode } from './network-node.ts';
import { findPayment, type Payer, type Payment, type PaymentHooks, payFrom } from './payment.ts';
import { bumpFee, doubleSpend, type ReplaceOptions, spendChange } from './replacement.ts';

/** How an account pays. */
export interface PayOptions {
  /** Satoshis per virtual byte; default: the node's estimate. */
  readonly feeRate?: number | undefined;
  /** Whether the fee is deducted from the amount. */
  readonly subtractFee?: boolean | undefined;
}

/** How an account spends the coins of a payment again. */
export interface DoubleSpendOptions extends ReplaceOptions {
  /** What gets the coins; default: the account itself. */
  readonly to?: string | Account | undefined;
}

/** An account of a network: a wallet on one of its nodes, with coins from the start. */
export class Account {
  /** From 0. */
  readonly index: number;
  /** Name of its wallet. */
  readonly wallet: string;
  /** The node that holds its wallet. */
  readonly node: NetworkNode;
  readonly #keys: AccountKeys;
  readonly #hooks: PaymentHooks;

  /** Networks create their accounts. @internal */
  constructor(fields: Pick<Account, 'index' | 'wallet' | 'node'>, keys: AccountKeys, hooks: PaymentHooks) {
    this.index = fields.index;
    this.wallet = fields.wallet;
    this.node = fields.node;
    this.#keys = keys;
    this.#hooks = hooks;
  }

  /** Its first address of each type. */
  get addresses(): Readonly<Record<AddressType, string>> {
    const entries = addressTypes.map((type) => [type, this.#keys.address(type)]);
    return Object.fromEntries(entries) as Record<AddressType, string>;
  }

  /** The private key of its first address of a type, in the format that wallets import. */
  wif(type: AddressType = 'bech32'): string {
    check.wif({ type });
    return this.#keys.wif({ type });
  }

  /** Its extended keys for a type of address. */
  extendedKeys(type: AddressType = 'bech32'): ExtendedKeys {
    check.extendedKeys({ type });
    return this.#keys.extendedKeys(type);
  }

  /** The descriptors of all its addresses of a type, as bitcoind's importdescriptors takes them. */
  descriptors(type: AddressType = 'bech32'): AccountDescriptors {
    check.descriptors({ type });
    return this.#keys.descriptors(type);
  }

  /** Its first address of type bech32. */
  get address(): string {
    return this.#keys.address('bech32');
  }

  /** Returns a new address to receive. */
  async newAddress(type: AddressType = 'bech32'): Promise<string> {
    check.newAddress({ type });
    return this.node.call<string>('getnewaddress', ['', type], this.wallet);
  }

  /** Returns the satoshis that it can spend: confirmed coins, and change of its own payments. */
  async balance(): Promise<bigint> {
    return toSatoshis((await this.node.call<number>('getbalance', [], this.wallet)).toFixed(8));
  }

  /**
   * Pays to an address or to another account. Rejects with `PierError` 'bad-argument', and with `RpcError` if the wallet
   * has too little.
   */
  async pay(to: string | Account, amount: Amount, options: PayOptions = {}): Promise<Payment> {
    check.pay({ to, amount, options });
    const { feeRate, subtractFee = false } = options;
    return payFrom(this.#payer, {
      address: findAddress(this.#keys, to, 'account.pay: to'),
      amount: toBitcoins(toSatoshis(amount)),
      subtractfeefromamount: subtractFee,
      ...(feeRate === undefined ? {} : { fee_rate: feeRate }),
    });
  }

  /** Returns a payment that its wallet has made, by its txid. Rejects with `PierError` 'unknown-payment'. */
  async payment(txid: string): Promise<Payment> {
    check.payment({ txid });
    const payment = await findPayment(this.#payer, txid);
    if (payment) return payment;
    throw new PierError('unknown-payment', `${this.wallet} has made no payment ${txid}`, {
      hint: `It knows those of its wallet alone: the RPC method 'listtransactions' lists them.`,
    });
  }

  /**
   * Spends the coins of one of its payments again, and pays them back to itself, or to `to`. The higher fee makes nodes
   * replace the payment. Rejects with `PierError` 'bad-argument', with 'bad-replacement' if a block has confirmed the
   * payment and `submit` is not false, and with `RpcError` if the node refuses the transaction.
   *
   * @example
   * ```ts
   * import { createNetwork } from 'pier';
   *
   * await using network = await createNetwork();
   * const [alice, bob] = network.accounts;
   * const payment = await alice!.pay(bob!, '1.5');
   * await network.mine();
   * // Not submitted: the nodes would refuse it, since a block has confirmed the payment.
   * const other = await alice!.doubleSpend(payment, { submit: false });
   * await network.reorg({ replace: [other.hex] });
   * console.log(await payment.confirmations()); // -2
   * ```
   */
  async doubleSpend(payment: Payment, options: DoubleSpendOptions = {}): Promise<Payment> {
    check.doubleSpend({ payment, options });
    const { to = this.address, ...rest } = options;
    const address = findAddress(this.#keys, to, 'account.doubleSpend: options.to');
    return doubleSpend(payment, this.#keys.scriptOf(address), this.#keys, this.#payer, rest);
  }

  /**
   * Replaces one of its payments by the same with a higher fee, which the change pays. Rejects as `doubleSpend` does, and
   * if there is no change.
   */
  async bumpFee(payment: Payment, options: ReplaceOptions = {}): Promise<Payment> {
    check.bumpFee({ payment, options });
    return bumpFee(payment, this.#keys, this.#payer, options);
  }

  /**
   * Pays satoshis with the change of one of its payments, which need not be confirmed. Returns undefined if there is none,
   * or too little.
   * @internal
   */
  payFromChange(payment: Payment, to: string, value: bigint, feeRate: number): Promise<Payment | undefined> {
    const output = { value, scriptPubKey: this.#keys.scriptOf(to) };
    return spendChange(payment, output, feeRate, this.#keys, this.#payer);
  }

  get #payer(): Payer {
    return { wallet: this.wallet, node: this.node, hooks: this.#hooks };
  }
}
