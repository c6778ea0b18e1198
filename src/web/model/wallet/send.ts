import { bitcoinsOf, satoshisOf } from './amount.ts';
import type { Nodes, WalletName } from './nodes.ts';

/** A payment as the form has it. */
export interface PaymentPlan {
  readonly address: string;
  /** Satoshis. */
  readonly amount: bigint;
  /** Satoshis per virtual byte. */
  readonly feeRate: number;
  readonly subtractFee: boolean;
}

/** A coin that a payment spends. */
export interface PreviewInput {
  readonly txid: string;
  readonly vout: number;
  /** Satoshis. */
  readonly value: bigint;
  readonly confirmations: number;
}

/** A signed payment that was not sent. */
export interface PaymentPreview {
  readonly txid: string;
  readonly hex: string;
  readonly inputs: readonly PreviewInput[];
  readonly outputs: readonly {
    readonly address: string | undefined;
    readonly value: bigint;
    readonly isChange: boolean;
  }[];
  /** Satoshis. */
  readonly fee: bigint;
  readonly vsize: number;
  /** Satoshis per virtual byte. */
  readonly feeRate: number;
}

/** A fee rate to choose, with what it is for. */
export interface FeeOption {
  readonly kind: 'next' | 'soon' | 'least';
  /** Satoshis per virtual byte. */
  readonly rate: number;
}

interface DecodedTransaction {
  readonly vsize: number;
  readonly vin: readonly { readonly txid: string; readonly vout: number }[];
  readonly vout: readonly { readonly value: number; readonly scriptPubKey: { readonly address?: string } }[];
}

interface Unspent {
  readonly txid: string;
  readonly vout: number;
  readonly amount: number;
  readonly confirmations: number;
}

/** Returns the fee rates that nodes estimate, and the least that they relay. */
export async function loadFeeOptions(nodes: Nodes): Promise<FeeOption[]> {
  const estimate = async (blocks: number) =>
    (await nodes.callAny<{ feerate?: number }>('estimatesmartfee', [blocks])).feerate ?? 0;
  const [next, soon, { mempoolminfee }] = await Promise.all([
    estimate(1),
    estimate(6),
    nodes.callAny<{ mempoolminfee: number }>('getmempoolinfo', []),
  ]);
  const least = Math.max(1, ratePerByte(mempoolminfee));
  return [
    { kind: 'next', rate: Math.max(least, ratePerByte(next)) },
    { kind: 'soon', rate: Math.max(least, ratePerByte(soon)) },
    { kind: 'least', rate: least },
  ];
}

/** Returns satoshis per virtual byte, rounded up to the thousandth that nodes take, of bitcoins per 1,000. */
function ratePerByte(bitcoinsPerThousand: number): number {
  return Math.ceil(Math.round(bitcoinsPerThousand * 1e8)) / 1000;
}

/** Makes a payment without sending it: it is signed, and neither recorded nor relayed. */
export async function previewPayment(nodes: Nodes, from: WalletName, plan: PaymentPlan): Promise<PaymentPreview> {
  const { node, wallet } = from;
  // What the wallet can spend, for the values of the inputs.
  const coins = await nodes.call<Unspent[]>(node, 'listunspent', [0], wallet);
  const { hex, txid } = await nodes.call<{ hex: string; txid: string }>(
    node,
    'send',
    sendArguments(plan, { add_to_wallet: false }),
    wallet,
  );
  const { vin, vout, vsize } = await nodes.callAny<DecodedTransaction>('decoderawtransaction', [hex]);
  const inputs = vin.map((input) => {
    const coin = coins.find((each) => each.txid === input.txid && each.vout === input.vout);
    // A coin that the wallet has only had since it was asked.
    if (!coin) throw new Error(`the coin ${input.txid}:${input.vout} is new`);
    return { ...input, value: satoshisOf(coin.amount), confirmations: coin.confirmations };
  });
  const outputs = await Promise.all(
    vout.map(async ({ value, scriptPubKey: { address } }) => {
      const isOwn = address !== undefined && address !== plan.address;
      const info = isOwn && (await nodes.call<{ ischange: boolean }>(node, 'getaddressinfo', [address], wallet));
      return { address, value: satoshisOf(value), isChange: info ? info.ischange : false };
    }),
  );
  const sum = (values: readonly { readonly value: bigint }[]) => values.reduce((total, { value }) => total + value, 0n);
  const fee = sum(inputs) - sum(outputs);
  return { txid, hex, inputs, outputs, fee, vsize, feeRate: Number(fee) / vsize };
}

/**
 * Sends a payment that was previewed, and returns its txid. A light node has no mempool that takes a transaction from
 * its user: its wallet makes the payment again.
 */
export async function sendPreviewed(
  nodes: Nodes,
  { node, wallet }: WalletName,
  plan: PaymentPlan,
  preview: PaymentPreview,
): Promise<string> {
  if (nodes.timeline.nodes.get(node)?.role !== 'light') {
    return nodes.call<string>(node, 'sendrawtransaction', [preview.hex]);
  }
  return (await nodes.call<{ txid: string }>(node, 'send', sendArguments(plan, {}), wallet)).txid;
}

function sendArguments({ address, amount, feeRate, subtractFee }: PaymentPlan, options: object): unknown[] {
  const subtract = subtractFee ? { subtract_fee_from_outputs: [0] } : {};
  return [{ [address]: bitcoinsOf(amount) }, null, 'unset', feeRate, { ...options, ...subtract }];
}
