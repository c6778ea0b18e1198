import { type NodeConfig, UsageError } from '../node/config.ts';
import { PierError } from '../platform/errors.ts';
import { parseAmount } from '../primitives/amount.ts';
import { decodeAddress } from '../script/address.ts';
import { accessNode, type NodeAccess } from './node-access.ts';

export interface SendOptions {
  readonly to: string;
  /** Bitcoins, as a decimal. */
  readonly amount: string;
  /** Name of the paying wallet or one of its addresses; not needed where the node has one wallet only. */
  readonly from?: string;
  /** Satoshis per virtual byte. */
  readonly feeRate?: string;
  /** Mine a block with it at once, on this node, its reward to the paying wallet. */
  readonly mine?: boolean;
}

/** Hashes to try for a block that is mined at once: as many as the method takes. */
const MAX_TRIES = 0x7fff_ffff;

export interface Sent {
  readonly txid: string;
  readonly wallet: string;
  /** Hash of the block that was mined with it. */
  readonly block?: string;
}

/**
 * Pays. A node that does not run is started for as long as it takes one of its seeds to fetch the payment (with
 * `mine`, its own chain is enough). Throws `UsageError`, `AddressError`, or `PierError` from wallet and mempool;
 * then nothing has changed.
 */
export async function send(config: NodeConfig, options: SendOptions): Promise<Sent> {
  const amount = checkAmount(options.amount);
  const feeRate = options.feeRate === undefined ? undefined : checkFeeRate(options.feeRate);
  decodeAddress(options.to, config.params.address);

  return accessNode(
    config,
    { network: options.mine ? 'none' : 'outbound', requires: ['wallet', 'chain'] },
    async (node) => {
      const wallet = await payingWallet(node, options.from);
      // Where nobody would take the payment, it is not made in the first place.
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
    throw new UsageError('bad-amount', `'${text}' is not an amount of bitcoins`, {
      hint: 'Give a decimal with at most 8 places, up to 21000000, such as 1.5',
    });
  }
  if (satoshis <= 0n) throw new UsageError('bad-amount', `the amount must be more than 0, not ${text}`);
  return text;
}

function checkFeeRate(text: string): string {
  if (!/^\d{1,7}(\.\d{1,3})?$/.test(text) || Number(text) === 0) {
    throw new UsageError('bad-fee-rate', `'${text}' is not a fee rate in satoshis per virtual byte`, {
      hint: 'Give a number above 0 with at most 3 decimals, such as 2.5',
    });
  }
  return text;
}

async function payingWallet(node: NodeAccess, from: string | undefined): Promise<string> {
  const names = await node.call<string[]>('listwallets');
  if (names.length === 0) {
    throw new PierError('no-wallet', 'the node has no wallet', { hint: `Make one with 'pier createwallet'.` });
  }
  if (from === undefined) {
    if (names.length === 1) return names[0]!;
    throw new UsageError('which-wallet', `the node has several wallets: ${names.join(', ')}`, {
      hint: 'Say which one pays with --from.',
    });
  }
  if (names.includes(from)) return from;
  const addresses = await node.call<{ wallet: string; address: string }[]>('listaddresses');
  const owner = addresses.find(({ address }) => address === from);
  if (owner) return owner.wallet;
  throw new PierError('no-such-wallet', `'${from}' is neither a wallet of the node nor an address of one`, {
    hint: `Its wallets: ${names.join(', ')}. 'pier listaddresses' shows their addresses.`,
  });
}
