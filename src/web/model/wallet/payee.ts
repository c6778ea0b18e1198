import type { ResultOf } from '../../../control/protocol/methods.ts';
import { listWallets, type Nodes, type WalletName } from './nodes.ts';

type Accounts = ResultOf<'accounts'>['accounts'];

/** Texts that may be addresses: the shortest has 14 characters. */
const LIKE_ADDRESS = /^[a-z0-9]{14,}$/i;

/** What a payment goes to. */
export interface Payee {
  readonly address: string;
  /** The wallet that it was named by; undefined if it was an address. */
  readonly wallet: WalletName | undefined;
}

/** Returns whether a text is an address of the network. */
export async function isAddress(nodes: Nodes, text: string): Promise<boolean> {
  if (!LIKE_ADDRESS.test(text)) return false;
  const result = await nodes.callAny<{ isvalid: boolean }>('validateaddress', [text]).catch(() => undefined);
  return result?.isvalid === true;
}

/** Finds what a text names: an address, the number of an account, a wallet, or `NODE/WALLET`. */
export class PayeeFinder {
  readonly #nodes: Nodes;
  /** Addresses of wallets that are no accounts, by `NODE/WALLET`: each is asked for one only. */
  readonly #addresses = new Map<string, string>();

  constructor(nodes: Nodes) {
    this.#nodes = nodes;
  }

  /** Returns what is paid. Returns undefined if the text names nothing, or several wallets. */
  async find(text: string, accounts: Accounts): Promise<Payee | undefined> {
    const given = text.trim();
    if (/^\d{1,9}$/.test(given)) {
      const account = accounts.find(({ index }) => index === Number(given));
      return account && { address: account.keys.bech32.address, wallet: account };
    }
    const wallets = await listWallets(this.#nodes);
    const named = wallets.filter(({ node, wallet }) => wallet === given || `${node}/${wallet}` === given);
    if (named.length > 1) return undefined;
    if (named[0]) return { address: await this.#addressOf(named[0], accounts), wallet: named[0] };
    return (await isAddress(this.#nodes, given)) ? { address: given, wallet: undefined } : undefined;
  }

  async #addressOf({ node, wallet }: WalletName, accounts: Accounts): Promise<string> {
    const account = accounts.find((each) => each.node === node && each.wallet === wallet);
    if (account) return account.keys.bech32.address;
    const key = `${node}/${wallet}`;
    const known = this.#addresses.get(key);
    if (known !== undefined) return known;
    const address = await this.#nodes.call<string>(node, 'getnewaddress', [], wallet);
    this.#addresses.set(key, address);
    return address;
  }
}
