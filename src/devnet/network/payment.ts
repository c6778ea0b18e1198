import { RpcCode, RpcError } from '../../api/json/rpc-error.ts';
import { check } from './arguments/method-arguments.ts';
import type { WaitOptions } from './deadline.ts';
import type { NetworkNode } from './network-node.ts';

/** What is read of the result of `gettransaction`. */
interface WalletTransactionResult {
  readonly hex: string;
  readonly details: readonly { readonly category: string }[];
}

/** What a `Payment` asks of its network. */
export interface PaymentHooks {
  /** Notes a payment, for which the next block waits. */
  made(payment: Payment): void;
  seenBy(payment: Payment, nodes: NetworkNode | string, options: WaitOptions): Promise<void>;
  confirmed(payment: Payment, depth: number, options: WaitOptions): Promise<void>;
}

/** The wallet that makes a payment, and the network that it belongs to. */
export interface Payer {
  /** Name of the wallet. */
  readonly wallet: string;
  readonly node: NetworkNode;
  readonly hooks: PaymentHooks;
}

/** Pays by `sendtoaddress` with the given arguments. */
export async function payFrom({ wallet, node, hooks }: Payer, params: Record<string, unknown>): Promise<Payment> {
  const txid = await node.call<string>('sendtoaddress', params, wallet);
  const { hex } = await node.call<{ hex: string }>('gettransaction', [txid], wallet);
  const payment = new Payment({ txid, hex, wallet, node }, hooks);
  hooks.made(payment);
  return payment;
}

/** Returns a payment that a wallet has made; undefined if it knows none of that txid, or has only received it. */
export async function findPayment({ wallet, node, hooks }: Payer, txid: string): Promise<Payment | undefined> {
  try {
    const { hex, details } = await node.call<WalletTransactionResult>('gettransaction', [txid], wallet);
    if (!details.some(({ category }) => category === 'send')) return undefined;
    return new Payment({ txid, hex, wallet, node }, hooks);
  } catch (error) {
    if (error instanceof RpcError && error.rpcCode === RpcCode.INVALID_ADDRESS_OR_KEY) return undefined;
    throw error;
  }
}

/** A payment that a wallet of the network has made. */
export class Payment {
  /** Hash of the transaction, as hex. */
  readonly txid: string;
  /** The transaction, as hex. */
  readonly hex: string;
  /** Name of the wallet that paid. */
  readonly wallet: string;
  /** The node that holds the wallet. */
  readonly node: NetworkNode;
  readonly #hooks: PaymentHooks;

  /** Accounts create their payments. @internal */
  constructor(fields: Pick<Payment, 'txid' | 'hex' | 'wallet' | 'node'>, hooks: PaymentHooks) {
    this.txid = fields.txid;
    this.hex = fields.hex;
    this.wallet = fields.wallet;
    this.node = fields.node;
    this.#hooks = hooks;
  }

  /** Returns its confirmations as the paying wallet counts them; negative if a block confirms a conflict. */
  async confirmations(): Promise<number> {
    const { confirmations } = await this.node.call<{ confirmations: number }>(
      'gettransaction',
      [this.txid],
      this.wallet,
    );
    return confirmations;
  }

  /**
   * Resolves when a node, given or named, has it in its mempool or chain; with 'all', when every full node that can be
   * reached from the payer's has it.
   */
  async seenBy(nodes: NetworkNode | string, options: WaitOptions = {}): Promise<void> {
    check.seenBy({ nodes, options });
    return this.#hooks.seenBy(this, nodes, options);
  }

  /** Resolves when it has `depth` confirmations on the payer's node. */
  async confirmed(depth = 1, options: WaitOptions = {}): Promise<void> {
    check.confirmed({ depth, options });
    return this.#hooks.confirmed(this, depth, options);
  }
}
