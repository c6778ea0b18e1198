import { type NodeConfig, UsageError } from '../node/config.ts';
import { PierError } from '../platform/errors.ts';
import { parseAmount } from '../primitives/amount.ts';
import { decodeAddress } from '../script/address.ts';
import { accessNode, type NodeAccess } from './node-access.ts';

/** A payment to make. */
export interface SendOptions {
  /** The address to pay. */
  readonly to: string;
  /** Amount in bitcoins, as a decimal string. */
  readonly amount: string;
  /** Name of the paying wallet or one of its addresses; optional if the node has a single wallet. */
  readonly from?: string;
  /** Satoshis per virtual byte. */
  readonly feeRate?: string;
  /** Whether this node mines a block with the payment; the reward pays the same wallet. */
  readonly mine?: boolean;
}

/** Hashes to try for a block with `mine`: the maximum of generatetoaddress. */
const MAX_TRIES = 0x7fff_ffff;

/** The result of `send`. */
export interface SentPayment {
  readonly txid: string;
  /** Name of the paying wallet. */
  readonly wallet: string;
  /** Hash of the block that was mined with the payment. */
  readonly block?: string;
}

/**
 * Sends a payment. A node that is not running is started until one of its seeds has requested the transaction or, with
 * `mine`, until the block is mined. Throws `UsageError`, `AddressError`, and `PierError` of wallet and mempool, which
 * leave the wallet unchanged, and `PierError` 'not-relayed', after which the wallet keeps the payment.
 *
 * @example
 * ```ts
 * import { listAddresses, nodeConfig, send } from 'pier';
 *
 * const config = nodeConfig({ nodeId: 3000, dataDir: '/tmp/pier' });
 * const [own] = await listAddresses(config);
 * const { txid, block } = await send(config, { to: own!.address, amount: '1.5', feeRate: '2', mine: true });
 * console.log(txid, block);
 * ```
 */
export async function send(config: NodeConfig, options: SendOptions): Promise<SentPayment> {
  const amount = checkAmount(options.amount);
  const feeRate = options.feeRate === undefined ? undefined : checkFeeRate(options.feeRate);
  decodeAddress(options.to, config.params.address);

  return accessNode(
    config,
    { network: options.mine ? 'none' : 'outbound', requires: ['wallet', 'chain'] },
    async (node) => {
      const wallet = await payingWallet(node, options.from);
      // Without a peer to relay it, the payment is not created at all.
      if (!options.mine) await node.awaitPeer();
      const payment = { address: options.to, amount, ...(feeRate === undefined ? {} : { fee_rate: feeRate }) };
      const txid = await node.call<string>('sendtoaddress', payment, wallet);
      if (!options.mine) {
        await node.awaitRelay(txid);
        return { txid, wallet };
      }
      const rewardTo = await node.call<string>('getnewaddress', [], wallet);
      const [block] = await node.call<string[]>('generatetoaddress', [1, rewardTo, MAX_TRIES]);
      return { txid, wallet, ...(block === undefined ? {} : { block }) };
    },
  );
}

function checkAmount(text: string): string {
  const satoshis = parseAmount(text);
  if (satoshis === undefined) {
    throw new UsageError('bad-amount', `--amount '${text}' is not an amount of bitcoins`, {
      hint: 'Give a decimal up to 21000000 with at most 8 decimals, such as 1.5.',
    });
  }
  if (satoshis <= 0n) throw new UsageError('bad-amount', `--amount '${text}' is not more than 0`);
  return text;
}

function checkFeeRate(text: string): string {
  if (!/^\d{1,7}(\.\d{1,3})?$/.test(text) || Number(text) === 0) {
    throw new UsageError('bad-fee-rate', `--fee-rate '${text}' is not a fee rate in satoshis per virtual byte`, {
      hint: 'Give a number above 0 with at most 3 decimals, such as 2.5.',
    });
  }
  return text;
}

async function payingWallet(node: NodeAccess, from: string | undefined): Promise<string> {
  const names = await node.call<string[]>('listwallets');
  if (names.length === 0) {
    throw new PierError('no-wallet', 'the node has no wallet', { hint: `Create one with 'pier createwallet'.` });
  }
  if (from === undefined) {
    if (names.length === 1) return names[0]!;
    throw new UsageError('which-wallet', `the node has several wallets: ${names.join(', ')}`, {
      hint: 'Select the paying wallet with --from.',
    });
  }
  if (names.includes(from)) return from;
  const addresses = await node.call<{ wallet: string; address: string }[]>('listaddresses');
  const owner = addresses.find(({ address }) => address === from);
  if (owner) return owner.wallet;
  throw new PierError('no-such-wallet', `--from '${from}' is neither a wallet nor a wallet address of the node`, {
    hint: `The node has these wallets: ${names.join(', ')}. 'pier listaddresses' lists their addresses.`,
  });
}
