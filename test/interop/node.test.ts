import { afterAll, beforeAll, expect, it } from 'vitest';
import { Bitcoind, describeBitcoind } from '../support/bitcoind.ts';
import { startFullNode, type TestFullNode } from '../support/node.ts';
import { waitFor } from '../support/wait.ts';

const ADDRESS_TYPES = ['legacy', 'p2sh-segwit', 'bech32', 'bech32m'] as const;
/** The output types of these addresses. */
const OUTPUT_TYPES = ['pubkeyhash', 'scripthash', 'witness_v0_keyhash', 'witness_v1_taproot'] as const;

interface Node {
  rpc<T = unknown>(method: string, ...params: readonly unknown[]): Promise<T>;
}

/** Waits until both nodes have the same best block and returns its hash. */
async function sameTip(a: Node, b: Node, timeoutMs = 30_000): Promise<string> {
  let tips: string[] = [];
  await waitFor(
    async () => {
      tips = await Promise.all([a.rpc<string>('getbestblockhash'), b.rpc<string>('getbestblockhash')]);
      return tips[0] === tips[1];
    },
    { timeoutMs, describe: () => `the same tip: ${tips.join(' and ')}` },
  );
  return tips[0]!;
}

/** Compares the UTXO sets of both nodes. */
async function sameUtxoSet(a: Node, b: Node): Promise<void> {
  type Info = { height: number; bestblock: string; txouts: number; total_amount: number; hash_serialized_3: string };
  const [ours, theirs] = await Promise.all([a.rpc<Info>('gettxoutsetinfo'), b.rpc<Info>('gettxoutsetinfo')]);
  const pick = ({ height, bestblock, txouts, total_amount, hash_serialized_3 }: Info) => ({
    ...{ height, bestblock, txouts, total_amount, hash_serialized_3 },
  });
  expect(pick(ours)).toEqual(pick(theirs));
}

async function inMempool(node: Node, txid: string): Promise<void> {
  await waitFor(async () => (await node.rpc<string[]>('getrawmempool')).includes(txid), {
    timeoutMs: 30_000,
    describe: `${txid} in the mempool`,
  });
}

/** Returns the types of all outputs that the blocks from height 1 on spend. */
async function spentTypes(node: Node): Promise<Set<string>> {
  const types = new Set<string>();
  const height = await node.rpc<number>('getblockcount');
  for (let i = 1; i <= height; i++) {
    const block = await node.rpc<{ tx: { vin: { prevout?: { scriptPubKey: { type: string } } }[] }[] }>(
      'getblock',
      await node.rpc<string>('getblockhash', i),
      3,
    );
    for (const tx of block.tx)
      for (const input of tx.vin) if (input.prevout) types.add(input.prevout.scriptPubKey.type);
  }
  return types;
}

describeBitcoind('a node with bitcoind as inbound peer', () => {
  let pier: TestFullNode;
  let bitcoind: Bitcoind;

  beforeAll(async () => {
    pier = await startFullNode();
    await pier.mine(105);
    // Two generations of spends from every address type of Pier's wallet, for bitcoind to validate.
    for (let round = 0; round < 2; round++) {
      for (const type of ADDRESS_TYPES) await pier.rpc('sendtoaddress', await pier.newAddress(type), 10 / (round + 1));
      await pier.mine(1);
    }
    bitcoind = await Bitcoind.start({ args: [`-connect=${pier.p2p}`] });
  }, 60_000);
  afterAll(() => bitcoind?.stop());

  it('serves its chain, and bitcoind has the same UTXO set', { timeout: 60_000 }, async () => {
    await sameTip(pier, bitcoind);
    await sameUtxoSet(pier, bitcoind);
  });

  it('relays its transactions and blocks to bitcoind', { timeout: 60_000 }, async () => {
    const txid = await pier.rpc<string>('sendtoaddress', await pier.newAddress('bech32m'), 1);
    await inMempool(bitcoind, txid);
    const [hash] = await pier.mine(1);
    expect(await sameTip(pier, bitcoind)).toBe(hash);
    expect(await bitcoind.rpc('getrawmempool')).toEqual([]);
  });

  it('accepts blocks and transactions from bitcoind', { timeout: 60_000 }, async () => {
    const wallet = await bitcoind.wallet();
    await pier.rpc('sendtoaddress', await wallet.newAddress(), 3);
    await waitFor(async () => (await bitcoind.rpc<string[]>('getrawmempool')).length === 1, { timeoutMs: 30_000 });
    const [hash] = await bitcoind.mine(1);
    expect(await sameTip(pier, bitcoind)).toBe(hash);
    const txid = await wallet.rpc<string>('sendtoaddress', await pier.newAddress(), 1);
    await inMempool(pier, txid);
    const before = await pier.rpc<number>('getbalance');
    await bitcoind.mine(1);
    await sameTip(pier, bitcoind);
    expect(await pier.rpc<number>('getbalance')).toBeCloseTo(before + 1 + 50, 8); // one more reward has matured
  });

  it('makes bitcoind follow a reorganisation of depth 10', { timeout: 60_000 }, async () => {
    const height = await pier.rpc<number>('getblockcount');
    const fork = await pier.rpc<string>('getblockhash', height - 9);
    await pier.rpc('invalidateblock', fork);
    expect(await pier.rpc('getblockcount')).toBe(height - 10);
    await pier.mine(11);
    await sameTip(pier, bitcoind);
    expect(await bitcoind.rpc('getblockcount')).toBe(height + 1);
    await sameUtxoSet(pier, bitcoind);
  });

  it('follows a reorganisation of depth 10 made by bitcoind', { timeout: 60_000 }, async () => {
    // More work than the branch that Pier invalidated: after invalidateblock, bitcoind would activate that branch.
    await bitcoind.mine(10);
    await sameTip(pier, bitcoind);
    const height = await bitcoind.rpc<number>('getblockcount');
    await bitcoind.rpc('invalidateblock', await bitcoind.rpc<string>('getblockhash', height - 9));
    // To a new address, since identical blocks would be the invalidated ones.
    await bitcoind.mine(11, await (await bitcoind.wallet()).newAddress());
    await sameTip(pier, bitcoind);
    expect(await pier.rpc('getblockcount')).toBe(height + 1);
    await sameUtxoSet(pier, bitcoind);
  });
});

describeBitcoind('a node and a bitcoind with 500 blocks', () => {
  let bitcoind: Bitcoind;

  beforeAll(async () => {
    bitcoind = await Bitcoind.start();
    const wallet = await bitcoind.wallet();
    await bitcoind.mine(110, await wallet.newAddress());
    // One wallet per type, so that each spends only outputs of its type.
    for (const type of ADDRESS_TYPES) {
      const typed = await bitcoind.wallet(type);
      for (let i = 0; i < 5; i++) await wallet.rpc<string>('sendtoaddress', await typed.newAddress(type), 5);
    }
    await bitcoind.mine(10);
    for (let i = 0; i < 5; i++) {
      for (const type of ADDRESS_TYPES) {
        const typed = await bitcoind.wallet(type);
        await typed.rpc<string>('sendtoaddress', await wallet.newAddress(), 3 + i / 100);
      }
      await bitcoind.mine(10);
    }
    const height = await bitcoind.rpc<number>('getblockcount');
    await bitcoind.mine(500 - height);
  }, 60_000);
  afterAll(() => bitcoind?.stop());

  it('downloads the chain, with spends of every address type', { timeout: 60_000 }, async () => {
    const pier = await startFullNode([`127.0.0.1:${bitcoind.port}`]);
    await sameTip(pier, bitcoind);
    expect(await pier.rpc('getblockcount')).toBe(500);
    await sameUtxoSet(pier, bitcoind);
    expect([...(await spentTypes(bitcoind))]).toEqual(expect.arrayContaining([...OUTPUT_TYPES]));
  });
});
