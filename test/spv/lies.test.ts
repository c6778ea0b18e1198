import { describe, expect, it } from 'vitest';
import { hash160 } from '../../src/crypto/hash.ts';
import { Block } from '../../src/primitives/block.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { basicFilterElements, encodeFilter } from '../../src/proofs/block-filter.ts';
import { type BlockPlan, OP_TRUE, outpoint, spend } from '../chain/support/builder.ts';
import { TestNetwork } from '../p2p/support/network.ts';
import {
  type Lies,
  type LightNode,
  RecordingWatcher,
  ServedChain,
  Server,
  startLight,
} from './support/light-network.ts';

const net = new TestNetwork();

const KEY = Uint8Array.of(0x02, ...new Uint8Array(32).fill(7));
const OURS = Uint8Array.of(0x00, 0x14, ...hash160(KEY));
const OUR_TAPROOT = Uint8Array.of(0x51, 0x20, ...new Uint8Array(32).fill(9));
const SIGNATURE = new Uint8Array(64).fill(1);

/** More than a hundred blocks. Blocks 30 and 40 pay our two scripts; blocks 80 and 90 spend these payments. */
const HEIGHT = 110;
const chain = ((): ServedChain => {
  const plans: BlockPlan[] = Array.from({ length: HEIGHT }, () => ({}));
  const pay = (scriptPubKey: Uint8Array) => ({ coinbaseOutputs: [{ value: 1n, scriptPubKey }] });
  plans[29] = pay(OURS);
  plans[39] = pay(OUR_TAPROOT);
  const paid = ServedChain.of(plans.slice(0, 40));
  const coin = (height: number) => outpoint(paid.blocks[height]!.transactions[0]!);
  const outputs = [{ value: 1n, scriptPubKey: OP_TRUE }];
  plans[79] = { transactions: [spend({ inputs: [coin(30)], outputs, witness: [SIGNATURE, KEY] })] };
  plans[89] = { transactions: [spend({ inputs: [coin(40)], outputs, witness: [SIGNATURE] })] };
  return ServedChain.of(plans.slice(40), paid.blocks);
})();

/** Returns the filter of a block without the scripts that it spends. */
const withoutSpent = (height: number) => {
  const block = chain.blocks[height]!;
  return encodeFilter(block.hash, basicFilterElements(block, []));
};
const at = (height: number, filter: Uint8Array): Lies => ({ filter: (h, truth) => (h === height ? filter : truth) });
const omitsPayment = at(30, encodeFilter(chain.blocks[30]!.hash, []));
const omitsSpend = at(80, withoutSpent(80));
const omitsTaprootSpend = at(90, withoutSpent(90));

async function startWorld(servers: readonly Server[]): Promise<{ watcher: RecordingWatcher; light: LightNode }> {
  const watcher = new RecordingWatcher([OURS, OUR_TAPROOT]);
  return { watcher, light: await startLight(net, watcher, servers) };
}

/** Scans with these servers until all of our blocks are found. Returns the disconnect reasons. */
async function disconnectReasons(servers: readonly Server[], maxMs = 30_000) {
  const { watcher, light } = await startWorld(servers);
  await net.until(() => watcher.tip?.height === HEIGHT, maxMs);
  expect(watcher.blocks).toEqual(expect.arrayContaining([30, 40, 80, 90]));
  await net.advance(2000);
  await light.stop();
  return light.disconnects.filter((reason) => reason !== 'node shutdown');
}

/** Expects that a scan with a liar and an honest server succeeds, in both orders of connection, and drops the liar. */
async function expectLiarDropped(lies: Lies, reason: RegExp, maxMs?: number): Promise<void> {
  for (const liarFirst of [true, false]) {
    const honest = await Server.start(net, chain);
    const liar = await Server.start(net, chain, lies);
    const reasons = await disconnectReasons(liarFirst ? [liar, honest] : [honest, liar], maxMs);
    // The second server may not be asked for the data it lies about.
    if (liarFirst) expect(reasons.length).toBeGreaterThan(0);
    for (const each of reasons) expect(each).toMatch(reason);
    expect(honest.connectionCount).toBe(1);
  }
}

it('one honest server is enough, and only matching blocks are fetched', async () => {
  const server = await Server.start(net, chain);
  const { watcher, light } = await startWorld([server]);
  await net.until(() => watcher.tip?.height === HEIGHT);
  expect(watcher.blocks).toEqual([30, 40, 80, 90]);
  expect(light.processor.scanner.counts).toEqual({ filters: HEIGHT, blocks: 4, falsePositives: 2 });
  expect(light.processor.scanner.filterPeers).toBe(1);
  expect(light.chain.filterHeight).toBe(HEIGHT);
  await light.stop();
});

describe('a filter', () => {
  it('with another hash than announced is rejected', async () => {
    await expectLiarDropped({ ...at(30, withoutSpent(31)), hashed: (_, truth) => truth }, /mismatched filter hash/);
  });

  it('without a payment is proved wrong by the block', async () => {
    await expectLiarDropped(omitsPayment, /misbehaving.*missing output script/);
  });

  it('without a spent script is less plausible than one with it', async () => {
    await expectLiarDropped(omitsSpend, /less plausible filter/);
  });

  it('with more elements than the block has is proved wrong', async () => {
    const block = chain.blocks[50]!;
    const junk = [1, 2, 3].map((byte) => Uint8Array.of(byte));
    const filter = encodeFilter(block.hash, [...basicFilterElements(block, []), ...junk]);
    await expectLiarDropped(at(50, filter), /misbehaving.*more elements than the block has/);
  });

  it('that is malformed is proved wrong', async () => {
    await expectLiarDropped(at(50, Uint8Array.of(0xfe, 1)), /misbehaving.*malformed filter/);
  });

  it('that cannot be proved wrong costs one block fetch and hides nothing', async () => {
    for (const liarFirst of [true, false]) {
      const honest = await Server.start(net, chain);
      const liar = await Server.start(net, chain, omitsTaprootSpend);
      expect(await disconnectReasons(liarFirst ? [liar, honest] : [honest, liar])).toEqual([]);
    }
  });

  it('that cannot be proved wrong, repeated for many blocks, disconnects its sender', async () => {
    const spends: BlockPlan[] = Array.from({ length: 20 }, (_, i) => ({
      transactions: [
        spend({
          inputs: [outpoint(chain.blocks[i + 1]!.transactions[0]!)],
          outputs: [{ value: 1n, scriptPubKey: OP_TRUE }],
          witness: [SIGNATURE],
        }),
      ],
    }));
    const long = ServedChain.of(spends, chain.blocks);
    const omitting: Lies = {
      filter: (height, truth) =>
        height > HEIGHT
          ? encodeFilter(long.blocks[height]!.hash, [...basicFilterElements(long.blocks[height]!, []), KEY])
          : truth,
    };
    const honest = [await Server.start(net, long), await Server.start(net, long)];
    const liar = await Server.start(net, long, omitting);
    const { watcher, light } = await startWorld([liar, ...honest]);
    await net.until(() => watcher.tip?.height === HEIGHT + 20);
    expect(light.disconnects[0]).toBe('too many undecided filter disputes');
    expect(honest.map(({ connectionCount }) => connectionCount)).toEqual([1, 1]);
    expect(light.processor.scanner.filterPeers).toBe(2);
    await light.stop();
  });
});

describe('a liar that was the only peer', () => {
  for (const [name, lies, missed] of [
    ['a payment', omitsPayment, 30],
    ['a spend', omitsSpend, 80],
    ['a taproot spend', omitsTaprootSpend, 90],
  ] as const) {
    it(`is exposed by the first honest peer, which reveals ${name}`, async () => {
      const liar = await Server.start(net, chain, lies);
      const { watcher, light } = await startWorld([liar]);
      await net.until(() => watcher.tip?.height === HEIGHT);
      expect(watcher.blocks).not.toContain(missed);
      const honest = await Server.start(net, chain);
      light.connections.addNode(honest.endpoint);
      await net.until(() => watcher.blocks.includes(missed) && watcher.tip?.height === HEIGHT);
      expect(honest.connectionCount).toBe(1);
      await light.stop();
    });
  }

  it('is not connected to again', async () => {
    const liar = await Server.start(net, chain, omitsPayment);
    const honest = await Server.start(net, chain);
    const { watcher, light } = await startWorld([liar, honest]);
    await net.until(() => watcher.blocks.length === 4 && !liar.isConnected);
    expect(light.connections.addedNodes()).toEqual([honest.endpoint]);
    await net.advance(10 * 60_000, 1000);
    expect([liar.connectionCount, honest.connectionCount]).toEqual([1, 1]);
    await light.stop();
  });
});

describe('filter headers', () => {
  const wrong = new Uint8Array(32).fill(5);

  it('with a nonzero header before genesis are rejected', async () => {
    const lies: Lies = { hashes: (truth) => ({ ...truth, previousHeader: wrong }) };
    await expectLiarDropped(lies, /misbehaving.*nonzero filter header before genesis/);
  });

  it('of a wrong number are rejected', async () => {
    for (const change of [
      (hashes: readonly Uint8Array[]) => hashes.slice(1),
      (hashes: readonly Uint8Array[]) => [...hashes, wrong],
      () => [],
    ]) {
      const lies: Lies = { hashes: (truth) => ({ ...truth, filterHashes: change(truth.filterHashes) }) };
      await expectLiarDropped(lies, /misbehaving.*wrong number of filter hashes/);
    }
  });

  it('that contradict earlier ones are requested again, a limited number of times', async () => {
    const first = await Server.start(net, chain);
    const lies: Lies = {
      hashes: (truth) => (truth.filterHashes.length === HEIGHT + 1 ? truth : { ...truth, previousHeader: wrong }),
    };
    const liar = await Server.start(net, chain, lies);
    const { watcher, light } = await startWorld([liar, first]);
    await net.until(() => watcher.tip?.height === HEIGHT);
    const longer = ServedChain.of([{}], chain.blocks);
    first.announce(longer);
    liar.announce(longer);
    await net.until(() => watcher.tip?.height === HEIGHT + 1);
    await net.until(() => light.disconnects.length > 0);
    expect(liar.commands.filter((command) => command === 'getcfheaders').length).toBeLessThan(30);
    expect(first.connectionCount).toBe(1);
    await light.stop();
  });

  it('of a long chain are compared by checkpoints first, true or false', { timeout: 20_000 }, async () => {
    const long = ServedChain.of(
      Array.from({ length: 2_100 - HEIGHT }, () => ({})),
      chain.blocks,
    );
    const honest = await Server.start(net, long);
    const { watcher, light } = await startWorld([honest]);
    await net.until(() => watcher.tip?.height === 2_100);
    const joins = async (lies: Lies) => {
      const server = await Server.start(net, long, lies);
      light.connections.addNode(server.endpoint);
      await net.until(() => server.commands.includes('getcfcheckpt'));
      await net.advance(3000);
      return server;
    };
    const count = (server: Server, command: string) =>
      server.commands.filter((received) => received === command).length;

    const second = await joins({});
    expect(light.processor.scanner.filterPeers).toBe(2);
    expect(count(second, 'getcfheaders')).toBe(1);

    const tooMany = await joins({
      checkpoints: (truth) => ({ ...truth, filterHeaders: [...truth.filterHeaders, wrong] }),
    });
    expect(light.disconnects.at(-1)).toMatch(/misbehaving.*wrong number of filter checkpoints/);

    // False checkpoints, true filter hashes: all hashes are requested once.
    const other = await joins({ checkpoints: (truth) => ({ ...truth, filterHeaders: [wrong, wrong] }) });
    expect([count(other, 'getcfcheckpt'), count(other, 'getcfheaders')]).toEqual([1, 2]);
    expect(light.processor.scanner.filterPeers).toBe(3);

    // True checkpoints, one false filter: its later filter hashes do not match the checkpoints.
    const truth = (await Server.start(net, long)).filterHeaders();
    const copycat = await joins({
      ...at(1_500, encodeFilter(long.blocks[1_500]!.hash, [])),
      checkpoints: (told) => ({ ...told, filterHeaders: [truth[1_000]!, truth[2_000]!] }),
    });
    expect(light.disconnects.at(-1)).toMatch(/missing output script/);
    expect([tooMany, copycat].map(({ isConnected }) => isConnected)).toEqual([false, false]);
    expect([honest, second].map(({ connectionCount }) => connectionCount)).toEqual([1, 1]);
    await light.stop();
  });
});

describe('a block', () => {
  it('with transactions that its header does not commit to is fetched from another peer', async () => {
    const lies: Lies = { block: (_, { header }) => new Block(header, chain.blocks[1]!.transactions) };
    await expectLiarDropped(lies, /misbehaving.*bad-txnmrklroot/);
  });

  it('with a mutated witness does not support a wrong filter', async () => {
    // With this witness, the honest filter seems to lack the spent script.
    const forged = (block: Block) =>
      new Block(
        block.header,
        block.transactions.map((tx) =>
          tx.isCoinbase
            ? tx
            : new Transaction({
                ...{ version: tx.version, outputs: tx.outputs, lockTime: tx.lockTime },
                inputs: tx.inputs.map((input) => ({ ...input, witness: [SIGNATURE, new Uint8Array(33).fill(2)] })),
              }),
        ),
      );
    const lies: Lies = { ...omitsSpend, block: (height, block) => (height === 80 ? forged(block) : block) };
    await expectLiarDropped(lies, /bad-witness-merkle-match|less plausible filter/);
  });

  it('that a peer does not have is fetched from another', async () => {
    for (const liarFirst of [true, false]) {
      const servers = [await Server.start(net, chain, { block: () => undefined }), await Server.start(net, chain)];
      expect(await disconnectReasons(liarFirst ? servers : servers.toReversed())).toEqual([]);
    }
  });
});

describe('a silent peer is replaced', () => {
  it.each([
    ['getcfheaders', /filter headers timeout/, 12_000],
    ['getcfilters', /^filter timeout$/, 22_000],
    ['getdata', /^block timeout: /, 90_000],
    ['getheaders', /never/, 15_000],
  ])('on %s', async (command, reason, maxMs) => {
    for (const silentFirst of [true, false]) {
      const servers = [await Server.start(net, chain, { silentOn: [command] }), await Server.start(net, chain)];
      for (const each of await disconnectReasons(silentFirst ? servers : servers.toReversed(), maxMs))
        expect(each).toMatch(reason);
      expect(servers[1]!.connectionCount).toBe(1);
    }
  });

  it('after ten seconds without filter headers, and not before', async () => {
    const servers = [await Server.start(net, chain, { silentOn: ['getcfheaders'] }), await Server.start(net, chain)];
    const { light } = await startWorld(servers);
    await net.advance(8_000, 100);
    expect(light.disconnects).toEqual([]);
    await net.advance(4_000, 100);
    expect(light.disconnects).toEqual(['filter headers timeout']);
    await light.stop();
  });
});
