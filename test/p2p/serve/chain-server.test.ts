import { describe, expect, it } from 'vitest';
import type { Chain } from '../../../src/chain/chain.ts';
import type { BlockIndex } from '../../../src/chain/tree/block-index.ts';
import { PeerChains } from '../../../src/p2p/blocks/peer-chain.ts';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import { ChainServer, type ChainServerModules } from '../../../src/p2p/serve/chain-server.ts';
import { InvType } from '../../../src/p2p/wire/messages/inventory.ts';
import { atOnce } from '../../../src/platform/slices.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { fakeBlocks } from '../support/fake-blocks.ts';

const NONE = new Uint8Array(32);
const main = fakeBlocks(1, 2_200);
const stale = fakeBlocks(2, 3, main[9]);
const heightOf = (hash: ArrayLike<number>) => hash[1]!;

/** A server of the main chain up to `tip`. Blocks named 2 are stored, but were never in the active chain. */
function start({ tip = 2_199, minimumChainWork = 0n } = {}) {
  // The hash of a fake block holds eight bits of its height, so it is looked up by identity.
  const active = main.slice(0, tip + 1);
  const byHash = new Map<Uint8Array, BlockIndex>();
  for (const index of [...active, ...stale]) {
    Object.assign(index, { hasData: true, hasUndo: index.hash[0] === 1, failed: false });
    byHash.set(index.hash, index);
  }
  const chain = {
    ...{ params: { minimumChainWork, powTargetSpacing: 600 }, tip: active[tip]! },
    getIndex: (hash: Uint8Array) => byHash.get(hash),
    contains: (index: BlockIndex) => active[index.height] === index,
    findLocator: ([hash]: Uint8Array[]) => byHash.get(hash!) ?? main[0],
    atHeight: (height: number) => active[height],
    getRawBlock: (index: BlockIndex) => Uint8Array.of(index.hash[0]!),
  } as unknown as Chain;
  const chains = new PeerChains(chain);
  const recent = { index: undefined as BlockIndex | undefined };
  const server = new ChainServer({ chain, chains, recent, clock: new VirtualClock() } as unknown as ChainServerModules);
  const sent: { command: string; heights: number[] }[] = [];
  const peer = {
    send: (command: string, message: { headers: number[][]; entries: { hash: Uint8Array }[] }) => {
      const list = command === 'headers' ? message.headers : message.entries.map(({ hash }) => hash);
      sent.push({ command, heights: list.map(heightOf) });
    },
    sendPayload: (command: string, [name]: Uint8Array) => sent.push({ command, heights: [name!] }),
  } as unknown as Peer;
  chains.peerReady(peer);
  const request = (index: BlockIndex) =>
    atOnce(server.sendBlock(peer, { type: InvType.WITNESS_BLOCK, hash: index.hash }));
  return { chains, peer, recent, request, sent, server };
}

describe('getheaders', () => {
  it.each([
    ['is answered from the block after the locator on', [main[5]!], undefined, 20, 6, 15],
    ['is answered up to the stop block', [main[5]!], main[9], 20, 6, 4],
    ['is answered without the headers after 2,000', [main[0]!], undefined, 2_199, 1, 2_000],
    ['is answered by all of 2,000', [main[0]!], undefined, 2_000, 1, 2_000],
    ['is answered by nothing at the tip', [main[20]!], undefined, 20, 0, 0],
    ['without a locator is answered by the stop block alone', [], main[9], 20, 9, 1],
    ['without a locator is not answered with a block that was never active', [], stale[1], 20, 0, 0],
    ['without a locator is not answered with an unknown block', [], undefined, 20, 0, 0],
  ])('%s', (_, locator, stop, tip, first, count) => {
    const { chains, peer, sent, server } = start({ tip });
    server.getHeaders(peer, { locator: locator.map(({ hash }) => hash), stop: stop?.hash ?? NONE } as never);
    expect(sent).toHaveLength(1);
    const { command, heights } = sent[0]!;
    expect([command, heights.length]).toEqual(['headers', count]);
    // A header of a fake block holds its whole height.
    if (count > 0) expect([heights[0], heights.at(-1)]).toEqual([first, first + count - 1]);
    // Core: if nothing is sent, the peer has our tip.
    expect(chains.get(peer)!.bestHeaderSent!.height).toBe(count > 0 ? first + count - 1 : tip);
  });

  it.each([
    [20n, 1],
    [21n, 0],
  ])('is answered by nothing if our chain of work 20 has less than %d', (minimumChainWork, count) => {
    const { chains, peer, sent, server } = start({ tip: 20, minimumChainWork });
    server.getHeaders(peer, { locator: [main[19]!.hash], stop: NONE } as never);
    expect(sent[0]!.heights).toHaveLength(count);
    if (count === 0) expect(chains.get(peer)!.bestHeaderSent).toBeUndefined();
  });
});

describe('getblocks', () => {
  const ask = (tip: number, locator: BlockIndex[], stop?: BlockIndex) => {
    const scene = start({ tip });
    scene.server.getBlocks(scene.peer, { locator: locator.map(({ hash }) => hash), stop: stop?.hash ?? NONE } as never);
    return scene;
  };

  it.each([
    ['500 hashes', 600, [main[0]!], undefined, 500],
    ['all hashes', 400, [main[0]!], undefined, 400],
    ['the hashes before the stop block', 400, [main[5]!], main[9], 3],
    ['nothing before the stop block', 400, [main[8]!], main[9], 0],
    ['nothing at the tip', 400, [main[400]!], undefined, 0],
    ['nothing without a locator', 400, [], main[9], 0],
  ])('is answered by %s', (_, tip, locator, stop, count) => {
    const { sent } = ask(tip, locator, stop);
    expect(sent.map(({ command, heights }) => [command, heights.length])).toEqual(count > 0 ? [['inv', count]] : []);
  });

  it.each([
    ['500', 600, 500, true],
    ['fewer', 499, 499, false],
  ])('of which the last one of %s is requested announces the tip once, or not', (_, tip, last, isAnnounced) => {
    const { request, sent } = ask(tip, [main[0]!]);
    request(main[last - 1]!);
    expect(sent.map(({ command }) => command)).toEqual(['inv', 'block']);
    for (let i = 0; i < 2; i++) request(main[last]!);
    expect(sent.filter(({ command }) => command === 'inv')).toHaveLength(isAnnounced ? 2 : 1);
    if (isAnnounced) expect(sent[3]).toEqual({ command: 'inv', heights: [main[600]!.hash[1]] });
  });
});

describe('a block', () => {
  it.each<[string, BlockIndex, object, boolean]>([
    ['of the active chain', main[9]!, {}, true],
    ['without data', main[9]!, { hasData: false }, false],
    ['of a stale branch that was active', stale[0]!, { hasUndo: true }, true],
    ['of a stale branch that was never active', stale[0]!, {}, false],
    ['of a stale branch that was active, but is invalid', stale[0]!, { hasUndo: true, failed: true }, false],
  ])('%s is served or not', (_, index, fields, isServed) => {
    const { request, sent } = start();
    Object.assign(index, fields);
    request(index);
    expect(sent).toHaveLength(isServed ? 1 : 0);
  });

  it.each([
    [false, 1],
    [true, 0],
  ])('that is the most recent one is served before it is connected; if it has failed (%s): %d', (failed, count) => {
    const { recent, request, sent } = start();
    Object.assign(stale[0]!, { failed });
    recent.index = stale[0]!;
    request(stale[0]!);
    expect(sent).toHaveLength(count);
  });
});
