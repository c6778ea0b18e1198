import { describe, expect, it } from 'vitest';
import type { Chain } from '../../../src/chain/chain.ts';
import type { ChainEvents } from '../../../src/chain/tree/events.ts';
import type { Mempool } from '../../../src/mempool/mempool.ts';
import type { CatchUp } from '../../../src/p2p/blocks/catch-up.ts';
import type { ExtraTransactions } from '../../../src/p2p/blocks/compact/extra-transactions.ts';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import { TransactionRelay } from '../../../src/p2p/transactions/transaction-relay.ts';
import { InvType } from '../../../src/p2p/wire/messages/inventory.ts';
import { Emitter } from '../../../src/platform/emitter.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { spend } from '../../chain/support/builder.ts';

const tx = spend({
  inputs: [{ txid: new Uint8Array(32), vout: 0 }],
  outputs: [{ value: 1n, scriptPubKey: new Uint8Array(1) }],
});

function start() {
  const clock = new VirtualClock();
  const events = new Emitter<ChainEvents>();
  const state = { isActive: false };
  const mempoolEvents = new Emitter<Record<'added' | 'removed', never>>();
  const mempool = {
    ...{ events: mempoolEvents, minFeeRate: () => 100n, has: () => false, getByWtxid: () => undefined },
    entries: () => [],
  } as unknown as Mempool;
  const modules = { chain: { events } as unknown as Chain, mempool, catchUp: state as unknown as CatchUp, clock };
  const relay = new TransactionRelay(
    { services: 0n, blocksOnly: false, trickle: false },
    { ...modules, extra: {} as ExtraTransactions, random: new SeededRandom(1), logger: silentLogger },
  );
  const sent: string[] = [];
  const peer = {
    ...{ id: 1, inbound: false, type: 'manual', remote: { host: '127.0.0.1', port: 1 } },
    ...{ handshake: { wtxidRelay: true, version: 70_016, remote: { relay: true } } },
    send: (command: string, { feeRate }: { feeRate?: bigint }) => sent.push(`${command} ${feeRate ?? ''}`.trim()),
  } as unknown as Peer;
  for (const follower of relay.followers) follower.peerReady?.(peer);
  const emit = (name: keyof ChainEvents) => events.emit(name, { block: { transactions: [tx] } } as never);
  /** Whether the transaction is requested when the peer announces it. */
  const isRequested = () => {
    sent.length = 0;
    relay.download.announced(peer, [{ type: InvType.WTX, hash: tx.wtxid }]);
    clock.advance(0);
    return sent.includes('getdata');
  };
  return { emit, isRequested, relay, sent, state };
}

describe('a transaction of a connected block', () => {
  it.each<[string, (scene: ReturnType<typeof start>) => void, boolean]>([
    ['is not requested', ({ emit }) => emit('blockConnected'), false],
    [
      'is requested again once the block is disconnected',
      ({ emit }) => {
        emit('blockConnected');
        emit('blockDisconnected');
      },
      true,
    ],
    // Old blocks, of which peers announce no transactions.
    [
      'is not remembered while the node catches up',
      ({ emit, state }) => {
        state.isActive = true;
        emit('blockConnected');
      },
      true,
    ],
    [
      'is not remembered after the end',
      ({ emit, relay }) => {
        relay.close();
        emit('blockConnected');
      },
      true,
    ],
  ])('%s', (_, prepare, isRequested) => {
    const scene = start();
    prepare(scene);
    expect(scene.isRequested()).toBe(isRequested);
  });
});

it('the fee filter is sent as soon as a new tip ends catching up', () => {
  const { emit, relay, sent, state } = start();
  expect(sent).toEqual(['feefilter 100']);
  state.isActive = true;
  relay.feeFilter.update();
  state.isActive = false;
  emit('tip');
  expect(sent).toEqual(['feefilter 100', 'feefilter 2100000000000000', 'feefilter 100']);
});
