import { createNetwork, type NodeNetwork } from 'pier/devnet';
import { Bitcoind } from './bitcoind.ts';
import { median } from './median.ts';

/** Tests that `benchNetwork` runs on clean networks. */
const TESTS = 200;
/** Blocks and unconfirmed payments of the network that is reverted. */
const BLOCKS = 500;
const PAYMENTS = 200;
const GENERATED = 1_000;
/** An address of no wallet. */
const ADDRESS = 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202';

/** Resolves with the milliseconds that `action` takes. */
async function timed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

function print(what: string, value: string, target: string): void {
  console.log(`  ${what.padEnd(64)} ${value.padStart(12)}   target: ${target}`);
}

const ms = (value: number) => `${value.toFixed(1)} ms`;
const seconds = (value: number) => `${(value / 1_000).toFixed(2)} s`;

/**
 * Measures networks of `createNetwork`: creating, reverting, tests on clean networks, many nodes, nodes as processes, and
 * mining. Creating and mining alternate with bitcoind.
 */
export async function benchNetwork({ rounds }: { readonly rounds: number }): Promise<void> {
  console.log('network: three nodes in this process unless it says otherwise; medians');
  await (await createNetwork()).close();
  // First: later parts leave garbage, which would hide what a node takes.
  await manyNodes();
  await create(rounds);
  await revert();
  await tests();
  await processes();
  await generate(rounds);
}

async function create(rounds: number): Promise<void> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    theirs.push(await timed(async () => (await startBitcoinds()).forEach((node) => void node.stop())));
    for (let i = 0; i < 10; i++) {
      let network: NodeNetwork | undefined;
      ours.push(
        await timed(async () => {
          network = await createNetwork({ nodes: 3 });
          if ((await network.accounts[0]!.balance()) === 0n) throw new Error('the account has no coins');
        }),
      );
      await network!.close();
    }
  }
  const [here, there] = [median(ours), median(theirs)];
  print('createNetwork() to an account with coins', ms(here), 'below 150 ms');
  print('  three bitcoinds with 101 blocks and a wallet with coins', ms(there), '');
  print('  ratio', (there / here).toFixed(1), 'at least 10');
}

/** Starts three connected bitcoinds with 101 blocks, of which the first has a wallet with coins. */
async function startBitcoinds(): Promise<Bitcoind[]> {
  const nodes = await Promise.all([Bitcoind.start(), Bitcoind.start(), Bitcoind.start()]);
  const [first, ...others] = nodes as [Bitcoind, Bitcoind, Bitcoind];
  for (const other of others) await other.rpc.call('addnode', [first.p2p, 'onetry']);
  await first.rpc.call('createwallet', ['w']);
  const address = await first.rpc.call<string>('getnewaddress');
  const hashes = await first.rpc.call<string[]>('generatetoaddress', [101, address]);
  for (const other of others) await other.rpc.call('waitforblock', [hashes.at(-1)]);
  if ((await first.rpc.call<number>('getbalance')) !== 50) throw new Error('the wallet has no coins');
  return nodes;
}

async function revert(): Promise<void> {
  const network = await createNetwork({ nodes: 3 });
  await network.mine(BLOCKS);
  const { accounts } = network;
  for (let i = 0; i < PAYMENTS; i++) {
    const [from, to] = [accounts[i % accounts.length]!, accounts[(i + 1) % accounts.length]!];
    await from.pay(to, '0.01');
  }
  const id = await network.snapshot();
  const times: number[] = [];
  for (let i = 0; i < 12; i++) {
    await network.mine(2);
    times.push(await timed(() => network.revert(id)));
  }
  print(`revert with ${BLOCKS} blocks and ${PAYMENTS} unconfirmed payments`, ms(median(times)), 'below 20 ms');
  await network.close();
}

async function tests(): Promise<void> {
  const network = await createNetwork({ nodes: 3 });
  const clean = await network.snapshot();
  const [alice, bob] = network.accounts;
  const time = await timed(async () => {
    for (let i = 0; i < TESTS; i++) {
      await network.revert(clean);
      const payment = await alice!.pay(bob!, '1.5');
      await network.mine();
      await payment.confirmed();
    }
  });
  print(`${TESTS} tests, each with a clean network, a payment and a block`, seconds(time), 'below 10 s');
  await network.close();
}

async function manyNodes(): Promise<void> {
  const before = process.memoryUsage.rss();
  let network: NodeNetwork | undefined;
  const time = await timed(async () => {
    network = await createNetwork({ nodes: 50 });
  });
  const bytes = (process.memoryUsage.rss() - before) / 50;
  print('50 nodes to all in sync', seconds(time), 'below 3 s');
  print('  memory for each', `${(bytes / 2 ** 20).toFixed(1)} MB`, 'at most 10 MB');
  await network!.close();
}

async function processes(): Promise<void> {
  let network: NodeNetwork | undefined;
  const time = await timed(async () => {
    network = await createNetwork({ nodes: 20, engine: 'processes' });
  });
  print('20 nodes as processes to all in sync', seconds(time), 'below 20 s');
  await network!.close();
}

async function generate(rounds: number): Promise<void> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const bitcoind = await Bitcoind.start();
    theirs.push(await timed(() => bitcoind.rpc.call('generatetoaddress', [GENERATED, ADDRESS])));
    await bitcoind.stop();
    const network = await createNetwork({ nodes: 1 });
    ours.push(await timed(() => network.mine(GENERATED, { to: ADDRESS })));
    await network.close();
  }
  const rate = (times: readonly number[]) => (GENERATED * 1_000) / median(times);
  print(`generatetoaddress ${GENERATED}, blocks a second`, rate(ours).toFixed(0), '');
  print('  bitcoind', rate(theirs).toFixed(0), '');
  print('  ratio', (rate(ours) / rate(theirs)).toFixed(2), 'at least 0.5');
}
