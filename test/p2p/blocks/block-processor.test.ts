import { expect, it } from 'vitest';
import type { Chain } from '../../../src/chain/chain.ts';
import type { ChainEvents } from '../../../src/chain/tree/events.ts';
import { BlockProcessor } from '../../../src/p2p/blocks/block-processor.ts';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import { Emitter } from '../../../src/platform/emitter.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import type { Block } from '../../../src/primitives/block.ts';
import { flush } from '../support/network.ts';

const MB = 1_000_000;
const WANTED = { requested: true, viaCompact: false };

/** A chain that keeps blocks until the test says what they are. */
function start() {
  const events = new Emitter<ChainEvents>();
  const results: ((result: object | Error) => void)[] = [];
  const chain = {
    ...{ events, tip: { chainwork: 0n, bits: 0x207fffff }, params: { minimumChainWork: 0n } },
    acceptBlock: () =>
      new Promise((resolve, reject) =>
        results.push((result) => (result instanceof Error ? reject(result) : resolve(result))),
      ),
  } as unknown as Chain;
  const processed: string[] = [];
  const processor = new BlockProcessor(chain, silentLogger, (peer, key, outcome) =>
    processed.push(`${peer.id} ${key} ${outcome}`),
  );
  const reasons: string[] = [];
  const peerOf = (id: number, inbound = false) =>
    ({ id, inbound, misbehaving: (reason: string) => reasons.push(`${id} ${reason}`) }) as unknown as Peer;
  const block = (totalSize: number) => ({ totalSize, hash: new Uint8Array(32), hashHex: '' }) as unknown as Block;
  const checked = (key: string, kind?: string) =>
    events.emit('blockChecked', {
      hash: Uint8Array.from(key, (letter) => letter.charCodeAt(0)),
      ...(kind && { reject: { kind, reason: 'bad-blk-length' } }),
    } as unknown as ChainEvents['blockChecked']);
  return { block, checked, peerOf, processed, processor, reasons, results };
}

it('the queue is full above 32 MB, until it is no longer', async () => {
  const { block, peerOf, processor, results } = start();
  expect(processor.add(peerOf(1), block(20 * MB), 'a', WANTED)).toBeUndefined();
  expect(processor.add(peerOf(1), block(12 * MB), 'b', WANTED)).toBeUndefined();
  expect(processor.isFull).toBe(false);
  const resumed: string[] = [];
  void (processor.add(peerOf(1), block(1), 'c', WANTED) as Promise<void>).then(() => resumed.push('c'));
  void (processor.add(peerOf(2), block(MB), 'd', WANTED) as Promise<void>).then(() => resumed.push('d'));
  expect(processor.isFull).toBe(true);
  results[2]!({ isNew: true });
  await flush();
  expect([resumed, processor.isFull]).toEqual([[], true]);
  results[3]!({ isNew: true });
  await flush();
  expect([resumed, processor.isFull]).toEqual([['c', 'd'], false]);
});

it('each block is processed once, and has an outcome', async () => {
  const { block, peerOf, processed, processor, results } = start();
  const peer = peerOf(1);
  for (const key of ['a', 'b', 'c', 'd', 'a']) void processor.add(peer, block(1), key, WANTED);
  expect([results.length, processor.has('a'), processor.has('x'), processor.isIdle]).toEqual([4, true, false, false]);
  results[0]!({ isNew: true });
  results[1]!({ isNew: false });
  results[2]!({ isNew: false, reject: { kind: 'consensus', reason: 'bad-blk-length' } });
  await flush();
  expect([processor.has('a'), processor.isIdle]).toEqual([false, false]);
  let isSettled = false;
  void processor.settled(peer)!.then(() => {
    isSettled = true;
  });
  await flush();
  expect([isSettled, processor.settled(peerOf(2))]).toEqual([false, undefined]);
  results[3]!(new Error('the store has failed'));
  await processor.idle();
  expect(processed).toEqual(['1 a new', '1 b known', '1 c rejected', '1 d rejected']);
  expect([isSettled, processor.settled(peer), processor.isIdle]).toEqual([true, undefined, true]);
  void processor.add(peer, block(1), 'a', WANTED);
  expect(results).toHaveLength(5);
});

it('the sender of an invalid block is punished once, if the check comes later as well', async () => {
  const { block, checked, peerOf, processor, reasons, results } = start();
  for (const [i, key] of ['a', 'b', 'c', 'd'].entries()) {
    void processor.add(peerOf(i), block(1), key, { requested: true, viaCompact: key === 'b' });
  }
  checked('a', 'consensus');
  checked('a', 'consensus');
  expect(reasons).toEqual(['0 bad-blk-length']);
  for (const i of [1, 2]) results[i]!({ isNew: true });
  results[3]!({ isNew: false });
  await flush();
  // Connected later: a compact block, a valid one, and one that was known.
  checked('b', 'consensus');
  checked('c');
  checked('c', 'consensus');
  checked('d', 'consensus');
  expect(reasons).toEqual(['0 bad-blk-length']);
});

it('no peer is punished after the peer has left or the processor is closed', async () => {
  const { block, checked, peerOf, processor, reasons } = start();
  const [gone, other] = [peerOf(1), peerOf(2)];
  void processor.add(gone, block(1), 'a', WANTED);
  void processor.add(other, block(1), 'b', WANTED);
  void processor.add(other, block(1), 'c', WANTED);
  processor.peerClosed(gone);
  checked('a', 'consensus');
  checked('b', 'consensus');
  expect(reasons).toEqual(['2 bad-blk-length']);
  processor.close();
  checked('c', 'consensus');
  expect(reasons).toHaveLength(1);
});
