import { PierError } from '../../../platform/errors.ts';
import { AccountKeys, FAUCET_ACCOUNT } from '../../accounts/account-keys.ts';
import { accountWallet, FAUCET_WALLET } from '../../accounts/funded-chain.ts';
import { holdsAccounts, type NetworkPlan } from '../../topology/network-plan.ts';

/** A wallet with a mnemonic of its own. */
export interface WalletSeed {
  /** Name of the node that holds it. */
  readonly node: string;
  readonly wallet: string;
  readonly mnemonic: string;
}

/** The wallets of a network whose mnemonic does not give them, as its states keep them. */
export interface WalletSeeds {
  readonly faucet: WalletSeed;
  readonly accounts: readonly WalletSeed[];
  /** The address that mined blocks pay to. */
  readonly rewards: string;
}

/** A wallet and its keys. */
export interface KeyWallet extends Pick<WalletSeed, 'node' | 'wallet'> {
  readonly keys: AccountKeys;
}

/** The wallets of a network. */
export interface NetworkWallets {
  readonly faucet: KeyWallet;
  readonly accounts: readonly KeyWallet[];
  /** The address that mined blocks pay to. */
  readonly rewards: string;
  /** What the keys are from; undefined if it is the mnemonic of the plan. */
  readonly seeds: WalletSeeds | undefined;
}

/** Returns the wallets of a network. Throws `PierError` 'bad-state' for seeds that are not of the plan's nodes. */
export async function openWallets(plan: NetworkPlan, seeds: WalletSeeds | undefined): Promise<NetworkWallets> {
  if (seeds) return seededWallets(plan, seeds);
  const { nodes, mnemonic, params } = plan;
  const numbers = Array.from({ length: plan.accounts }, (_, i) => i);
  const [keys, ...accounts] = await AccountKeys.derive(mnemonic, params, [FAUCET_ACCOUNT, ...numbers]);
  return {
    faucet: { node: nodes.find(holdsAccounts)!.name, wallet: FAUCET_WALLET, keys: keys! },
    accounts: accounts.map((each, i) => ({
      node: nodes.find(({ accounts: held }) => held.includes(i))!.name,
      wallet: accountWallet(i),
      keys: each,
    })),
    rewards: keys!.address(),
    seeds,
  };
}

async function seededWallets({ nodes, params }: NetworkPlan, seeds: WalletSeeds): Promise<NetworkWallets> {
  const open = async ({ node, wallet, mnemonic }: WalletSeed): Promise<KeyWallet> => {
    if (!nodes.some((each) => each.name === node && holdsAccounts(each))) {
      throw new PierError('bad-state', `the state has a wallet on '${node}', which is no full node of its network`);
    }
    const [keys] = await AccountKeys.derive(mnemonic, params, [0]);
    return { node, wallet, keys: keys! };
  };
  const { rewards } = seeds;
  return {
    ...{ faucet: await open(seeds.faucet), accounts: await Promise.all(seeds.accounts.map(open)) },
    ...{ rewards, seeds },
  };
}
