import { afterEach, describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { ByteWriter } from '../../src/bytes/writer.ts';
import { InvType } from '../../src/p2p/wire/messages/inventory.ts';
import { NO_STOP } from '../../src/p2p/wire/messages/locator.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { mineBlock, OP_TRUE, spend } from '../chain/support/builder.ts';
import { versionMessage } from './support/fake-peer.ts';
import { raw, wellFormed } from './support/raw-message.ts';
import { type Attacker, Siege } from './support/siege.ts';

const random = new SeededRandom(1);
const MB = 1_000_000;

/** Every flood meets a node of its own. */
let siege: Siege;
afterEach(() => siege.stop());

async function besiege(options?: Parameters<typeof Siege.begin>[0]): Promise<Attacker> {
  siege = await Siege.begin(options);
  return siege.join();
}

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const output = (value: bigint) => ({ value, scriptPubKey: OP_TRUE });
const payload = (i: number) => new ByteWriter(8).u64(BigInt(i)).finish();

describe('a flood of', { timeout: 60_000 }, () => {
  it('announced transactions leaves no more than 5,000 per peer', async () => {
    const attacker = await besiege();
    const before = siege.holding();
    await attacker.send(
      times(3, () => wellFormed('inv', { entries: times(50_000, () => ({ type: 5, hash: random.bytes(32) })) })),
    );
    // Each is an id that is wanted, who has it, and that the peer knows it, of the last 10,000.
    expect(siege.holding() - before).toBeLessThan(6 * MB);
    expect(siege.holding() - before).toBeGreaterThan(MB / 2);
    // Not more than a hundred are asked for at a time.
    const asked = attacker.peer.received('getdata').flatMap(({ entries }) => entries);
    expect(asked.length).toBeLessThanOrEqual(100);
    expect(attacker.verdict).toBe('ignored');
    await siege.expectService();
    attacker.leave();
    await siege.net.advance(1_000);
    expect(siege.holding() - before).toBeLessThan(MB / 2);
  });

  it('addresses is taken up to the first thousand', async () => {
    const attacker = await besiege();
    const before = siege.holding();
    const address = () => ({ time: 1_769_999_000, services: 1033n, network: 1, address: random.bytes(4), port: 8333 });
    await attacker.send(times(100, () => wellFormed('addr', { addresses: times(1000, address) })));
    const { addressesProcessed, addressesRateLimited } = siege.node.connections.info(
      siege.node.connections.peers().find(({ remote }) => remote.host === attacker.host)!,
    );
    expect(addressesProcessed).toBeLessThanOrEqual(1_001);
    expect(addressesProcessed + addressesRateLimited).toBe(100_000);
    expect(siege.holding() - before).toBeLessThan(3 * MB);
    expect(attacker.verdict).toBe('ignored');
    await siege.expectService();
  });

  it('requests, whose answers nobody reads, waits where it comes from', async () => {
    const attacker = await besiege();
    const before = siege.holding();
    attacker.peer.connection.pause();
    const { tip } = siege.scene;
    const wanted = times(5_000, (i) => ({ type: InvType.WITNESS_BLOCK, hash: tip.ancestor(i % tip.height)!.hash }));
    const everything = { locator: [tip.ancestor(0)!.hash], stop: NO_STOP };
    const round = [
      wellFormed('getdata', { entries: wanted }),
      wellFormed('getheaders', everything),
      wellFormed('getblocks', everything),
      wellFormed('ping', { nonce: 1n }),
    ];
    await attacker.send(times(60, () => concatBytes(...round)));
    // 1 MB that was sent, and 5 MB that came since, make the node stop reading; what one request may add is little.
    expect(siege.holding() - before).toBeLessThan(13 * MB);
    expect(attacker.verdict).toBe('ignored');
    await siege.expectService();
  });

  it('requests for block filters keeps nobody else waiting', async () => {
    const attacker = await besiege();
    const before = siege.holding();
    const { tip } = siege.scene;
    const range = { filterType: 0, startHeight: 0, stopHash: tip.hash };
    const round = concatBytes(
      wellFormed('getcfilters', range),
      wellFormed('getcfheaders', range),
      wellFormed('getcfcheckpt', { filterType: 0, stopHash: tip.hash }),
    );
    attacker.peer.connection.send(concatBytes(...times(10_000, () => round)));
    await siege.net.advance(2_000);
    await siege.expectService();
    // 4 MB of requests wait, answered one after the other.
    expect(attacker.peer.received('cfheaders').length).toBeGreaterThan(0);
    expect(attacker.peer.received('cfheaders').length).toBeLessThan(1_000);
    expect(siege.holding() - before).toBeLessThan(12 * MB);
    // Whose answers nobody reads, they stop.
    attacker.peer.connection.pause();
    await siege.net.advance(20_000);
    expect(siege.holding() - before).toBeLessThan(13 * MB);
    await siege.expectService();
    expect(attacker.verdict).toBe('ignored');
    attacker.leave();
    await siege.net.advance(1_000);
    expect(siege.holding() - before).toBeLessThan(MB / 2);
  });

  it('pings is answered while it is read', async () => {
    const attacker = await besiege();
    const before = siege.holding();
    await attacker.send(times(20_000, (i) => raw('ping', payload(i))));
    expect(attacker.peer.commands().filter((command) => command === 'pong')).toHaveLength(20_000);
    expect(siege.holding() - before).toBeLessThan(MB / 10);
    expect(attacker.verdict).toBe('ignored');
    await siege.expectService();
  });

  it('headers that connect to nothing brings one question in two minutes', async () => {
    const attacker = await besiege();
    const before = siege.holding();
    const { tip } = siege.scene;
    const strange = (i: number) => {
      const fields = { ...tip.header, version: 4, time: tip.time, bits: tip.bits, merkleRoot: random.bytes(32) };
      for (let nonce = 0; ; nonce++) {
        const header = new BlockHeader({ ...fields, prevHash: new Uint8Array(32).fill(i + 1), nonce });
        if (header.hash[31]! < 0x7f) return header;
      }
    };
    const questions = attacker.peer.received('getheaders').length;
    await attacker.send(times(2_000, (i) => wellFormed('headers', { headers: [strange(i)] })));
    expect(attacker.peer.received('getheaders').length - questions).toBeLessThanOrEqual(1);
    expect(siege.holding() - before).toBeLessThan(MB / 10);
    expect(attacker.verdict).toBe('ignored');
    await siege.expectService();
  });

  it('deep forks of little work is not kept', async () => {
    const attacker = await besiege();
    const { chain } = siege.node;
    const before = siege.holding();
    const tips = chain.tips().length;
    const fork = (tag: number) => {
      const headers: BlockHeader[] = [];
      let prev: Parameters<typeof mineBlock>[0] = chain.atHeight(1)!;
      for (let i = 0; i < 50; i++) {
        const { header, hash } = mineBlock(prev, { tag, time: prev.time + 1 });
        headers.push(header);
        prev = { hash, height: prev.height + 1, time: header.time, bits: header.bits };
      }
      return headers;
    };
    await attacker.send(times(20, (i) => wellFormed('headers', { headers: fork(i) })));
    expect(chain.tips()).toHaveLength(tips);
    expect(siege.holding() - before).toBeLessThan(MB / 10);
    expect(attacker.verdict).toBe('ignored');
    await siege.expectService();
  });

  it('orphans leaves no more than a hundred of them', async () => {
    const attacker = await besiege();
    const before = siege.holding();
    const script = new Uint8Array(20_000).fill(0x6a);
    const orphan = () =>
      spend({ inputs: [{ txid: random.bytes(32), vout: 0 }], outputs: [{ value: 1n, scriptPubKey: script }] });
    await attacker.send(times(400, () => wellFormed('tx', orphan())));
    // A hundred orphans, and as many that went, which a compact block might yet name.
    expect(siege.holding() - before).toBeLessThan(200 * 20_000 + MB);
    expect(attacker.verdict).toBe('ignored');
    await siege.expectService();
    attacker.leave();
    await siege.net.advance(1_000);
    expect(siege.holding() - before).toBeLessThan(100 * 20_000 + MB / 2);
  });

  it('one transaction with ever other witnesses does not keep the right one out', async () => {
    const attacker = await besiege();
    const before = siege.holding();
    const plan = { inputs: [siege.coin()], outputs: [output(2_500_000_000n), output(2_400_000_000n)] };
    const right = spend(plan);
    await attacker.send(times(1_000, (i) => wellFormed('tx', spend({ ...plan, witness: [payload(i)] }))));
    expect(siege.node.mempool.size).toBe(0);
    expect(siege.holding() - before).toBeLessThan(MB);
    expect(attacker.verdict).toBe('ignored');
    expect(siege.near.mempool.accept(right)).not.toHaveProperty('reject');
    await siege.net.until(() => siege.far.mempool.has(right.txid), 1_000);
    await siege.expectService();
  });

  it('the same invalid transaction leaves no trace', async () => {
    const attacker = await besiege();
    const before = siege.holding();
    const wrong = spend({ inputs: [siege.coin()], outputs: [output(5_000_000_000n), output(1n)] });
    await attacker.send(times(3_000, () => wellFormed('tx', wrong)));
    expect(siege.holding() - before).toBeLessThan(MB / 10);
    await siege.expectService();
  });

  it('notfound and unknown commands is ignored', async () => {
    const attacker = await besiege();
    const before = siege.holding();
    const entries = times(5_000, () => ({ type: 1, hash: random.bytes(32) }));
    await attacker.send(times(20, () => wellFormed('notfound', { entries })));
    await attacker.send(times(5_000, (i) => raw(`x${i}`, random.bytes(20))));
    expect(siege.holding() - before).toBeLessThan(MB / 10);
    expect(attacker.verdict).toBe('ignored');
    await siege.expectService();
  });

  it('connections from one address is refused when the places are taken', async () => {
    await besiege({ maxInbound: 12 });
    const before = siege.holding();
    for (let i = 0; i < 60; i++) await siege.net.dial(siege.node, '203.0.113.77');
    await siege.net.advance(100);
    expect(siege.node.connections.peers().length).toBeLessThanOrEqual(12);
    expect(siege.holding() - before).toBeLessThan(MB);
    await siege.expectService();
    // Who says nothing has a minute.
    await siege.net.advance(62_000, 500);
    expect(siege.node.connections.peers().length).toBeLessThanOrEqual(5);
  });
});

describe('a peer that takes its time', { timeout: 60_000 }, () => {
  it('with its introduction, byte by byte, has a minute', async () => {
    await besiege();
    const before = siege.holding();
    const slow = await siege.dial();
    const introduction = wellFormed('version', versionMessage());
    for (const byte of introduction.subarray(0, 62)) {
      if (!slow.peer.closed) slow.peer.connection.send(Uint8Array.of(byte));
      await siege.net.advance(1_000, 250);
    }
    expect(siege.holding() - before).toBeLessThan(MB / 10);
    expect(slow.verdict).toBe('disconnected');
    await siege.expectService();
  });

  it('with a message announced as long holds little, and is dropped when it answers no ping for 20 minutes', async () => {
    const attacker = await besiege();
    const before = siege.holding();
    attacker.peer.answersPings = false;
    await attacker.send([raw('block', new Uint8Array(1_000), { length: 4_000_000 })]);
    expect(siege.holding() - before).toBeLessThan(MB / 2);
    await siege.expectService();
    for (let minute = 0; minute < 24 && !attacker.peer.closed; minute++) {
      attacker.peer.connection.send(Uint8Array.of(0));
      await siege.net.advance(60_000, 1_000);
    }
    expect(attacker.verdict).toBe('disconnected');
    await siege.expectService();
  });

  it('with a block that it has announced, until another one is asked for it', async () => {
    const attacker = await besiege();
    const { near, far, node, net } = siege;
    const before = siege.holding();
    const block = mineBlock(node.chain.tip, { time: Math.floor(net.clock.now() / 1000) });
    await attacker.send([wellFormed('headers', { headers: [block.header] })]);
    expect(attacker.peer.commands()).toContain('getdata');
    // The honest node has it a moment later.
    await near.chain.acceptBlock(block);
    await net.until(() => Buffer.compare(far.chain.tip.hash, block.hash) === 0, 15_000, 50);
    expect(siege.holding() - before).toBeLessThan(MB / 10);
    // It may have been slow without meaning harm.
    expect(attacker.verdict).toBe('ignored');
    await siege.expectService();
  });
});
