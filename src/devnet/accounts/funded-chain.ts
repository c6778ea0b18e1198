import { blockSubsidy } from '../../consensus/subsidy.ts';
import { RunningFullNode } from '../../node/composition/running-full-node.ts';
import type { Clock } from '../../platform/clock.ts';
import { PierError } from '../../platform/errors.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import { MemoryNetwork } from '../../testing/memory-transport.ts';
import { type SigningInput, signTransaction } from '../../wallet/signing.ts';
import { memoryConfig } from '../topology/memory-config.ts';
import type { NetworkPlan } from '../topology/network-plan.ts';
import { AccountKeys, FAUCET_ACCOUNT } from './account-keys.ts';

/** Coins of each account at the start, so that several payments can be unconfirmed at once. */
const COINS = 5n;
/** Coinbase outputs that the faucet has left at the start. */
const FAUCET_COINS = 10;
/** Confirmations that a coinbase output needs (Core: COINBASE_MATURITY). */
const MATURITY = 100;
/** Keys that wallets watch after the last one used: each costs time at every start and revert. */
const GAP = 5;
/** Virtual bytes of an input and of an output of type bech32, for the fee. */
const INPUT_VSIZE = 68n;
const OUTPUT_VSIZE = 31n;
/** Networks whose start is kept, for the next network with the same accounts. */
const MAX_KEPT = 4;
/** Milliseconds after which a start is too old: nodes would be in the initial block download. */
const MAX_AGE_MS = 6 * 60 * 60 * 1000;

/** The stores that nodes of a new network start with. */
export interface FundedChain {
  readonly chain: MemoryStore;
  /** The wallets of a node: those of the accounts with these numbers, and the faucet's if it is the first. */
  wallet(accounts: readonly number[], isFirst: boolean): Promise<MemoryStore>;
}

interface Kept {
  readonly createdAt: number;
  readonly funded: Promise<FundedChain>;
}

const kept = new Map<string, Kept>();

/**
 * Returns a chain whose accounts have spendable coins. Mining and keys are done once per process for networks with equal
 * accounts; each caller must `fork` the stores.
 */
export function fundedChain(plan: NetworkPlan, clock: Clock): Promise<FundedChain> {
  const key = [plan.params.marker, plan.mnemonic, plan.accounts, plan.balance].join('/');
  const known = kept.get(key);
  if (known && clock.monotonic() - known.createdAt < MAX_AGE_MS) return known.funded;
  const funded = createFundedChain(plan, clock);
  kept.delete(key);
  if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value!);
  kept.set(key, { createdAt: clock.monotonic(), funded });
  funded.catch(() => kept.delete(key));
  return funded;
}

async function createFundedChain(plan: NetworkPlan, clock: Clock): Promise<FundedChain> {
  const numbers = Array.from({ length: plan.accounts }, (_, i) => i);
  const [faucet, ...accounts] = await AccountKeys.derive(plan.mnemonic, plan.params, [FAUCET_ACCOUNT, ...numbers]);
  const chain = new MemoryStore();
  const node = await startAlone(plan, clock, { chain, wallet: new MemoryStore() });
  try {
    await fund(node, plan, faucet!, accounts);
  } finally {
    await node.stop();
  }
  const wallets = new Map<string, Promise<MemoryStore>>();
  return {
    chain,
    wallet: (held, isFirst) => {
      const key = [...held, isFirst].join();
      let wallet = wallets.get(key);
      if (!wallet) {
        wallet = createWallets(plan, clock, chain, { held, isFirst });
        wallets.set(key, wallet);
      }
      return wallet;
    },
  };
}

/** Mines to the faucet until it can pay all accounts, and confirms the payment. */
async function fund(
  { chain, miner }: RunningFullNode,
  { params, balance }: NetworkPlan,
  faucet: AccountKeys,
  accounts: readonly AccountKeys[],
): Promise<void> {
  const key = faucet.output();
  const privateKey = faucet.privateKey();
  const outputs = accounts.flatMap((account) => {
    const { scriptPubKey } = account.output();
    return splitAmount(balance).map((value) => ({ value, scriptPubKey }));
  });
  let needed = outputs.reduce((sum, { value }) => sum + value, 0n) + OUTPUT_VSIZE * BigInt(outputs.length + 1);
  let coins = 0;
  for (; needed > 0n && coins < params.subsidyHalvingInterval * 10; coins++) {
    needed += INPUT_VSIZE - blockSubsidy(coins + 1, params);
  }
  if (needed > 0n) {
    throw new PierError('bad-topology', 'balance: all subsidies together do not suffice for so many accounts', {
      hint: 'Ask for a smaller balance or fewer accounts.',
    });
  }
  const count = Math.max(coins, 1) + FAUCET_COINS + MATURITY;
  const blocks = await miner.generate(count, key.scriptPubKey);
  if (blocks.length < count) {
    throw new PierError('bad-topology', 'network: its blocks cost too much work to mine the coins of the accounts', {
      hint: 'Use regtest, or a network file with a higher powLimit.',
    });
  }
  if (outputs.length === 0) return;
  const inputs: SigningInput[] = [];
  for (let height = 1; height <= coins; height++) {
    const coinbase = chain.getBlock(chain.atHeight(height)!)!.transactions[0]!;
    inputs.push({ outpoint: { txid: coinbase.txid, vout: 0 }, output: coinbase.outputs[0]!, key, privateKey });
  }
  const change = { value: -needed, scriptPubKey: key.scriptPubKey };
  const payment = signTransaction(inputs, change.value > 0n ? [...outputs, change] : outputs, chain.tip.height);
  await miner.generateBlock([payment], key.scriptPubKey);
}

/** Divides an amount into coins; one if it is too small. */
function splitAmount(amount: bigint): bigint[] {
  if (amount === 0n) return [];
  if (amount < 100_000n) return [amount];
  const part = amount / COINS;
  return [amount - part * (COINS - 1n), ...Array.from({ length: Number(COINS) - 1 }, () => part)];
}

async function createWallets(
  plan: NetworkPlan,
  clock: Clock,
  chain: MemoryStore,
  { held, isFirst }: { readonly held: readonly number[]; readonly isFirst: boolean },
): Promise<MemoryStore> {
  const wallet = new MemoryStore();
  const node = await startAlone(plan, clock, { chain: chain.fork(), wallet });
  try {
    const { mnemonic } = plan;
    for (const account of held)
      await node.wallets.createWallet(accountWallet(account), { mnemonic, account, gap: GAP });
    if (isFirst) await node.wallets.createWallet(FAUCET_WALLET, { mnemonic, account: FAUCET_ACCOUNT, gap: GAP });
  } finally {
    await node.stop();
  }
  return wallet;
}

/** Name of the wallet that mined blocks pay to. */
export const FAUCET_WALLET = 'faucet';

/** Returns the name of an account's wallet. */
export function accountWallet(account: number): string {
  return `account${account}`;
}

function startAlone(
  { params }: NetworkPlan,
  clock: Clock,
  stores: { readonly chain: MemoryStore; readonly wallet: MemoryStore },
): Promise<RunningFullNode> {
  return RunningFullNode.startOn(
    memoryConfig(params, { host: '127.0.0.1', v2Transport: false }),
    { network: 'none' },
    { clock, stores, transport: new MemoryNetwork(clock).transport('127.0.0.1') },
  );
}
