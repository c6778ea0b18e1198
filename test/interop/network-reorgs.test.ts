import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { fromHex, toReversedHex } from '../../src/bytes/hex.ts';
import type { Account } from '../../src/devnet/network/account.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import type { Payment } from '../../src/devnet/network/payment.ts';
import { type EngineName, engineNames } from '../../src/devnet/topology/network-options.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { type Bitcoind, describeBitcoind, startBitcoind } from '../support/bitcoind.ts';
import { bitcoindDir } from '../support/oracles.ts';
import { waitFor } from '../support/wait.ts';
import { type Shown, shownOf } from './support/bitcoind-twin.ts';

/** Depths, such as `1-100` or `1,5,20`; `npm run test:reorgs` runs all from 1 to 100. Processes take longer. */
const depths = {
  memory: readDepths(process.env.PIER_REORG_DEPTHS ?? '1,2,6,25,100'),
  processes: readDepths(process.env.PIER_REORG_DEPTHS ?? '1,6,25'),
};

function readDepths(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const [from, to = from] = part.split('-').map(Number) as [number, number?];
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

/** Calls a method of a node, or of one of its wallets. */
type Call = <T>(method: string, params?: readonly unknown[], wallet?: string) => Promise<T>;

/** A wallet of a node of Pier, and the one of the bitcoind with the same keys. */
interface Twins {
  readonly call: Call;
  readonly wallet: string;
  readonly twin: string;
  /** A light node sees confirmed payments only. */
  readonly isLight: boolean;
}

/** Calls for all items, a hundred at a time: a bitcoind refuses more than 256. */
async function inGroups<T, U>(items: readonly T[], call: (item: T) => Promise<U>): Promise<U[]> {
  const results: U[] = [];
  for (let i = 0; i < items.length; i += 100) results.push(...(await Promise.all(items.slice(i, i + 100).map(call))));
  return results;
}

describeBitcoind('reorganisations of a network beside a bitcoind', () => {
  let network: NodeNetwork;
  let outside: Bitcoind | undefined;
  afterEach(async () => {
    await outside?.stop();
    outside = undefined;
    await network?.close();
  });

  const wait = { timeout: 120_000 };
  const patience = { timeoutMs: 120_000 };

  /** Creates the network, with a bitcoind as one of its nodes, or in memory as a peer. Returns what calls it. */
  async function create(engine: EngineName): Promise<Call> {
    const nodes = [{ name: 'shop', accounts: [0, 1] }, { name: 'bank' }, { name: 'phone', role: 'light' }] as const;
    if (engine === 'processes') {
      const core = { name: 'core', kind: 'bitcoind', path: join(bitcoindDir ?? '', 'bitcoind') } as const;
      network = await createNetwork({ engine, nodes: [...nodes, core], accounts: 3 });
      return (...args) => network.node('core').call(...args);
    }
    network = await createNetwork({ engine, nodes: [{ ...nodes[0], p2p: true }, nodes[1], nodes[2]], accounts: 3 });
    const args = [`-connect=${network.node('shop').p2p}`, '-whitelist=in,out,noban@127.0.0.1', '-unsafesqlitesync'];
    outside = await startBitcoind({ args });
    const { call } = outside;
    return call.bind(outside) as Call;
  }

  /** Creates wallets with the keys of accounts, and one that watches an address. */
  async function createTwins(core: Call): Promise<Twins[]> {
    const twins: Twins[] = [];
    for (const account of network.accounts) {
      const { node, wallet } = account;
      const requests = (['legacy', 'p2sh-segwit', 'bech32', 'bech32m'] as const).flatMap((type) => {
        const { privateReceive, privateChange } = account.descriptors(type);
        const common = { timestamp: 0, active: true, range: [0, 500] };
        return [
          { ...common, desc: privateReceive },
          { ...common, desc: privateChange, internal: true },
        ];
      });
      await createTwin(core, wallet, false, requests);
      twins.push({ call: (...args) => node.call(...args), wallet, twin: wallet, isLight: false });
    }
    const phone = network.node('phone');
    await phone.call('createwallet', ['pocket']);
    const address = await phone.call<string>('getnewaddress', [], 'pocket');
    const { descriptor } = await core<{ descriptor: string }>('getdescriptorinfo', [`addr(${address})`]);
    await createTwin(core, 'pocket', true, [{ desc: descriptor, timestamp: 0 }]);
    twins.push({ call: (...args) => phone.call(...args), wallet: 'pocket', twin: 'pocket', isLight: true });
    return twins;
  }

  async function createTwin(core: Call, name: string, isWatching: boolean, requests: readonly object[]) {
    await core('createwallet', [name, isWatching, true]);
    const imported = await core<{ success: boolean }[]>('importdescriptors', [requests], name);
    expect(imported.every(({ success }) => success)).toBe(true);
  }

  /** Waits until the bitcoind has the tip and the mempool of the network, and compares all that both show. */
  async function compare(core: Call, twins: readonly Twins[]): Promise<void> {
    await network.synced(wait);
    const shop = network.node('shop');
    const { tip, mempool } = await shop.view();
    const pool = async () => (await core<string[]>('getrawmempool')).sort().join();
    await waitFor(async () => (await core('getbestblockhash')) === tip, patience);
    const ours = [...mempool!].sort().join();
    await waitFor(async () => (await pool()) === ours, {
      ...patience,
      describe: () => `the mempool ${ours} on the bitcoind`,
    });
    await core('syncwithvalidationinterfacequeue');
    const utxo = await core<Record<string, unknown>>('gettxoutsetinfo', ['muhash']);
    for (const name of ['shop', 'bank']) {
      const { height, bestblock, txouts, muhash, total_amount } = await network
        .node(name)
        .call<Record<string, unknown>>('gettxoutsetinfo', ['muhash']);
      expect({ height, bestblock, txouts, muhash, total_amount }, name).toEqual({
        height: utxo.height,
        bestblock: utxo.bestblock,
        txouts: utxo.txouts,
        muhash: utxo.muhash,
        total_amount: utxo.total_amount,
      });
    }
    const { height } = await shop.view();
    await waitFor(async () => {
      const { scanned } = await network.node('phone').call<{ scanned: number }>('getlightinfo');
      return scanned === height;
    }, patience);
    for (const each of twins) await compareWallets(core, each);
  }

  async function compareWallets(core: Call, { call, wallet, twin, isLight }: Twins): Promise<void> {
    const show = async (from: Call, name: string) => {
      const { mine } = await from<{ mine: Record<string, number> }>('getbalances', [], name);
      const coins = await from<Coin[]>('listunspent', [isLight ? 1 : 0], name);
      const payments = await from<Listed[]>('listtransactions', ['*', 1_000_000], name);
      const shown = payments.filter(({ confirmations }) => !isLight || confirmations > 0);
      const txids = [...new Set(shown.map(({ txid }) => txid))].sort();
      return {
        balances: isLight ? mine.trusted : [mine.trusted, mine.untrusted_pending, mine.immature],
        coins: coins
          .map(({ txid, vout, amount, confirmations, safe }) => `${txid}:${vout} ${amount} ${confirmations} ${safe}`)
          .sort(),
        payments: shown.map(({ txid, vout, category }) => `${txid} ${vout} ${category}`).sort(),
        transactions: await inGroups(txids, async (txid) => {
          const transaction = await from<Shown>('gettransaction', [txid], name);
          return isLight ? transaction.confirmations : shownOf(transaction, { withAbandoned: false });
        }),
      };
    };
    expect(await show(call, wallet), wallet).toEqual(await show(core, twin));
  }

  /** Blocks of payments to accounts and the light node, some mined by an account, whose rewards they spend later. */
  async function mineHistory(depth: number, phone: string, random: SeededRandom): Promise<Payment[]> {
    const { accounts } = network;
    const payments: Payment[] = [];
    for (let i = 0; i < depth; i++) {
      // Chains: what is paid next spends change of this branch, or what was paid in it.
      const count = i < 12 ? 1 + (random.uint32() % 2) : random.uint32() % 4 === 0 ? 1 : 0;
      for (let k = 0; k < count; k++) payments.push(await pay(accounts, phone, random));
      const to = random.uint32() % 3 === 0 ? accounts[random.uint32() % accounts.length] : undefined;
      await network.mine(1, { to, ...wait });
    }
    return payments;
  }

  async function pay(accounts: readonly Account[], phone: string, random: SeededRandom): Promise<Payment> {
    const from = accounts[random.uint32() % 2]!;
    const to = random.uint32() % 4 === 0 ? phone : accounts[random.uint32() % accounts.length]!;
    const amount = 100_000n + BigInt(random.uint32() % 2_000_000);
    const feeRate = 2 + (random.uint32() % 20);
    // The faucet spends rewards.
    const isFaucet = random.uint32() % 5 === 0;
    const payment = isFaucet ? await network.faucet(to, amount) : await from.pay(to, amount, { feeRate });
    await payment.seenBy('all', wait);
    return payment;
  }

  it.each(engineNames)(
    'leave both with the same, on the engine %s',
    async (engine) => {
      const core = await create(engine);
      const twins = await createTwins(core);
      const phone = await network.node('phone').call<string>('getnewaddress', [], 'pocket');
      const { descriptor } = await core<{ descriptor: string }>('getdescriptorinfo', [`addr(${phone})`]);
      await core('importdescriptors', [[{ desc: descriptor, timestamp: 'now' }]], 'pocket');
      const random = new SeededRandom(1);
      await compare(core, twins);
      for (const depth of depths[engine]) {
        const payments = await mineHistory(depth, phone, random);
        const replaced = payments[random.uint32() % payments.length]!;
        // The faucet cannot sign again.
        const payer = network.accounts.find(({ wallet }) => wallet === replaced.wallet);
        const other = depth % 4 === 1 ? undefined : await payer?.doubleSpend(replaced, { submit: false });
        // Without what it spends, the double spend cannot confirm.
        const needed = other ? withAncestors(replaced, payments) : new Set();
        const mayDrop = payments.filter(({ txid }) => !needed.has(txid));
        const drop = mayDrop.length === 0 ? [] : [mayDrop[random.uint32() % mayDrop.length]!.txid];
        const by = depth % 2 === 0 ? 'shop' : 'bank';
        const { lost, won } = await network.reorg({ depth, drop, replace: other ? [other.hex] : [], by, ...wait });
        if (other) expect(await replaced.confirmations()).toBeLessThan(0);
        expect([lost.length, won.length], `depth ${depth}`).toEqual([depth, depth + 1]);
        await compare(core, twins);
        expect(await core('getblockheader', [lost[0]])).toMatchObject({ confirmations: -1 });
        await network.mine(1, { by: depth % 2 === 0 ? 'bank' : 'shop', ...wait });
        await compare(core, twins);
      }
    },
    Math.max(300_000, depths.processes.length * 120_000),
  );
});

/** Returns the txids of a payment and of all those among `payments` whose outputs it needs. */
function withAncestors(payment: Payment, payments: readonly Payment[]): Set<string> {
  const needed = new Set([payment.txid]);
  for (const { txid, hex } of payments.toReversed()) {
    if (!needed.has(txid)) continue;
    for (const { prevout } of Transaction.decode(fromHex(hex)).inputs) needed.add(toReversedHex(prevout.txid));
  }
  return needed;
}

interface Coin {
  readonly txid: string;
  readonly vout: number;
  readonly amount: number;
  readonly confirmations: number;
  readonly safe: boolean;
}

interface Listed {
  readonly txid: string;
  readonly vout: number;
  readonly category: string;
  readonly confirmations: number;
}
