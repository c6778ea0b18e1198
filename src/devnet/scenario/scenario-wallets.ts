import { addressTypes } from '../../wallet/keys.ts';
import type { Account } from '../network/account.ts';
import type { WalletSeeds } from '../network/state/network-wallets.ts';
import type { NodeCommands } from './node-commands.ts';

/** Name of the central node's wallet, which the chain pays to. */
export const CENTRAL_WALLET = 'central';
/** Name of the wallet on the wallet node that pays. */
export const PAYER = 'alice';
/** Name of the wallet that it pays. */
export const PAYEE = 'bob';
const MINER_WALLET = 'miner';

/** The wallets of the scenario's full nodes. */
export interface ScenarioWallets {
  /** First addresses. */
  readonly central: string;
  readonly payee: string;
  readonly miner: string;
  readonly mnemonics: { readonly central: string; readonly payer: string; readonly payee: string };
}

/** Creates the wallets, or finds those of an earlier run, on the nodes with these ids. */
export async function createWallets(
  commands: NodeCommands,
  { central, wallet, miner }: { readonly central: number; readonly wallet: number; readonly miner: number },
): Promise<ScenarioWallets> {
  const [own, payee, reward] = await Promise.all([
    commands.createWallet(central, CENTRAL_WALLET),
    commands.createWallet(wallet, PAYER).then(() => commands.createWallet(wallet, PAYEE)),
    commands.createWallet(miner, MINER_WALLET),
  ]);
  const [centrals, wallets] = await Promise.all([commands.mnemonics(central), commands.mnemonics(wallet)]);
  const mnemonics = {
    ...{ central: centrals.get(CENTRAL_WALLET)! },
    ...{ payer: wallets.get(PAYER)!, payee: wallets.get(PAYEE)! },
  };
  return { central: own, payee, miner: reward, mnemonics };
}

/** Returns what a network needs to use the wallets: faucet, accounts, and where mined blocks pay to. */
export function seedsOf({ miner, mnemonics }: ScenarioWallets): WalletSeeds {
  return {
    faucet: { node: 'central', wallet: CENTRAL_WALLET, mnemonic: mnemonics.central },
    accounts: [
      { node: 'wallet', wallet: PAYER, mnemonic: mnemonics.payer },
      { node: 'wallet', wallet: PAYEE, mnemonic: mnemonics.payee },
    ],
    rewards: miner,
  };
}

/** Lets a wallet watch the first address of each type: a new one watches those of one type only. */
export async function watchAllTypes(account: Account): Promise<void> {
  const { node, wallet, addresses } = account;
  for (const type of addressTypes) {
    const { ismine } = await node.call<{ ismine: boolean }>('getaddressinfo', [addresses[type]], wallet);
    if (!ismine) await account.newAddress(type);
  }
}
