import type { NodeNetwork } from '../../devnet/network/node-network.ts';
import type { RpcAddress } from '../../devnet/nodes/node-backend.ts';
import type { NetworkPlan } from '../../devnet/topology/network-plan.ts';
import { defaults } from '../../devnet/topology/topology-schema.ts';
import { formatEndpoint } from '../../p2p/net/endpoint.ts';
import { formatAmount, formatMoney, parseAmount } from '../../primitives/amount.ts';
import { type AddressType, addressTypes } from '../../wallet/keys.ts';
import { shellWord } from '../command-text.ts';
import { nodeWord } from '../node-words.ts';
import { t } from '../text/texts.ts';
import { displayWidth, padEnd } from '../text/width.ts';

/** A key of an account. */
interface ReportedKey {
  readonly address: string;
  /** Such as `m/84'/1'/0'/0/0`. */
  readonly path: string;
  /** In the format that wallets import (WIF). */
  readonly privateKey: string;
}

/** What `pier up` prints of a network that runs: with `--json`, as it is. `docs/commands.md` documents it. */
export interface NetworkReport {
  /** Name of the chain, such as `regtest`. */
  readonly network: string;
  readonly seed: number;
  readonly height: number;
  readonly nodes: readonly {
    readonly name: string;
    readonly role: string;
    /** `HOST:PORT` at which it accepts peers. */
    readonly p2p: string;
    readonly rpc: RpcAddress;
  }[];
  readonly links: readonly {
    readonly from: string;
    readonly to: string;
    readonly latency: number;
    readonly jitter: number;
    readonly loss: number;
    readonly bandwidth: number;
  }[];
  readonly mnemonic: string;
  /** Bitcoins of each account. */
  readonly balance: string;
  readonly accounts: readonly {
    readonly index: number;
    /** Node and name of its wallet. */
    readonly node: string;
    readonly wallet: string;
    /** Its first key of each type of address. */
    readonly keys: Readonly<Record<AddressType, ReportedKey>>;
  }[];
}

/** Returns what `pier up` prints of a network. */
export async function reportNetwork(network: NodeNetwork, plan: NetworkPlan): Promise<NetworkReport> {
  const { params, seed, mnemonic, balance } = plan;
  return {
    network: params.network,
    seed,
    height: Math.max(...(await Promise.all(network.nodes.map((node) => node.view()))).map(({ height }) => height)),
    nodes: network.nodes.map(({ name, role, backend, rpc }) => {
      const { host, port, cookieFile, url } = rpc!;
      return { name, role, p2p: formatEndpoint(backend.endpoint), rpc: { host, port, cookieFile, url } };
    }),
    links: network.links.map(({ from, to, conditions }) => ({ from, to, ...conditions })),
    mnemonic,
    balance: formatAmount(balance),
    accounts: network.accounts.map((account) => {
      const key = (type: AddressType): ReportedKey => ({
        address: account.addresses[type],
        path: `${account.extendedKeys(type).path}/0/0`,
        privateKey: account.wif(type),
      });
      const keys = Object.fromEntries(addressTypes.map((type) => [type, key(type)])) as Record<
        AddressType,
        ReportedKey
      >;
      return { index: account.index, node: account.node.name, wallet: account.wallet, keys };
    }),
  };
}

/** Returns commands that mine a block, with Bitcoin Core's client and without. */
function miningCommands({ keys }: NetworkReport['accounts'][number], { host, port, cookieFile }: RpcAddress): string[] {
  const { address } = keys.bech32;
  const body = JSON.stringify({ method: 'generatetoaddress', params: [1, address] });
  return [
    t`Mine a block`,
    `  bitcoin-cli -rpcport=${port} -rpccookiefile=${shellWord(cookieFile)} generatetoaddress 1 ${address}`,
    `  curl --user "$(cat ${shellWord(cookieFile)})" --data '${body}' http://${host}:${port}/`,
  ];
}

/** Formats the accounts and nodes of a network for people. */
export function formatReport({ accounts, balance, mnemonic, nodes }: NetworkReport): string {
  const lines: string[] = [];
  if (accounts.length > 0) {
    lines.push(t`Accounts, ${formatMoney(parseAmount(balance)!)} BTC each`);
    for (const { index, node, wallet, keys } of accounts) {
      const { address, privateKey } = keys.bech32;
      lines.push(`  (${index})  ${address}  ${privateKey}  ${t`wallet ${wallet} of ${node}`}`);
    }
    const path = accounts[0]!.keys.bech32.path.replace("/0'/0/0", "/N'/0/0");
    lines.push(t`Mnemonic: ${mnemonic}`, t`Paths:    ${path} is the key of account N`);
    const warning =
      mnemonic === defaults.mnemonic
        ? t`These keys are public: never use them for coins of value.`
        : t`These keys are printed here and stored unencrypted: never use them for coins of value.`;
    lines.push(warning, '');
  }
  lines.push(t`Nodes`);
  const width = Math.max(...nodes.map(({ name }) => displayWidth(name)));
  for (const { name, role, p2p, rpc } of nodes) {
    lines.push(
      `  ${padEnd(name, width)}  ${padEnd(nodeWord(role), 7)}  P2P ${p2p}  RPC http://${rpc.host}:${rpc.port}/`,
    );
    const client = `bitcoin-cli -rpcport=${rpc.port} -rpccookiefile=${shellWord(rpc.cookieFile)}`;
    lines.push(`  ${' '.repeat(width)}  ${client} getblockchaininfo`);
  }
  const [account] = accounts;
  if (account) lines.push('', ...miningCommands(account, nodes.find(({ name }) => name === account.node)!.rpc));
  return `${lines.join('\n')}\n`;
}
