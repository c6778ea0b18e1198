import { expect, it } from 'vitest';
import type { BlockIndex } from '../../../src/chain/tree/block-index.ts';
import type { HeaderView } from '../../../src/chain/tree/header-view.ts';
import { PeerChain, PeerChains } from '../../../src/p2p/blocks/peer-chain.ts';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import { fakeBlocks } from '../support/fake-blocks.ts';

const main = fakeBlocks(1, 6);
const fork = fakeBlocks(2, 3, main[3]);

function start() {
  const known = new Map<string, BlockIndex>();
  const knows = (...indexes: BlockIndex[]) => {
    for (const index of indexes) known.set(String(index.hash), index);
  };
  const chain = { getIndex: (hash: Uint8Array) => known.get(String(hash)) } as unknown as HeaderView;
  return { chain, knows, peerChain: new PeerChain(chain) };
}

it('the best known block is that of most work, the later one of two', () => {
  const { peerChain } = start();
  expect(peerChain.bestKnown).toBeUndefined();
  for (const [learnt, best] of [
    [main[4], main[4]],
    [main[3], main[4]],
    [fork[0], fork[0]],
    [main[5], main[5]],
    [fork[0], main[5]],
  ]) {
    peerChain.learn(learnt!);
    expect(peerChain.bestKnown).toBe(best);
  }
});

it('a block that is announced before its header is known counts once it is', () => {
  const { knows, peerChain } = start();
  knows(main[2]!);
  peerChain.learnHash(main[2]!.hash);
  expect(peerChain.bestKnown).toBe(main[2]);
  const buffer = new Uint8Array(main[4]!.hash);
  peerChain.learnHash(buffer);
  // The hash is part of a message, whose memory is used again.
  buffer.fill(0);
  expect(peerChain.bestKnown).toBe(main[2]);
  knows(main[4]!);
  expect(peerChain.bestKnown).toBe(main[4]);
});

it('only the last unknown block is remembered', () => {
  const { knows, peerChain } = start();
  peerChain.learnHash(main[5]!.hash);
  peerChain.learnHash(main[3]!.hash);
  knows(main[3]!, main[5]!);
  expect(peerChain.bestKnown).toBe(main[3]);
});

it('a peer has the header of a block that leads to its best block or to the header sent to it, and only the former block', () => {
  const { peerChain } = start();
  expect([peerChain.hasHeader(main[0]!), peerChain.hasBlock(main[0]!)]).toEqual([false, false]);
  peerChain.learn(main[4]!);
  peerChain.bestHeaderSent = fork[1];
  const all = [...main, ...fork];
  const having = (has: (index: BlockIndex) => boolean) =>
    all.filter((index) => has(index)).map(({ hash }) => [...hash]);
  expect(having((index) => peerChain.hasBlock(index))).toEqual([0, 1, 2, 3, 4].map((height) => [1, height]));
  expect(having((index) => peerChain.hasHeader(index))).toEqual([
    ...[0, 1, 2, 3, 4].map((height) => [1, height]),
    ...[4, 5].map((height) => [2, height]),
  ]);
});

it('the state of a peer begins and ends with its connection', () => {
  const chains = new PeerChains(start().chain);
  const peer = { id: 1 } as Peer;
  expect(chains.get(peer)).toBeUndefined();
  chains.peerReady(peer);
  chains.get(peer)!.learn(main[1]!);
  expect(chains.get(peer)!.bestKnown).toBe(main[1]);
  chains.peerClosed(peer);
  expect(chains.get(peer)).toBeUndefined();
});
