import { describe, expect, it } from 'vitest';
import type { Mempool } from '../../../src/mempool/mempool.ts';
import type { CatchUp } from '../../../src/p2p/blocks/catch-up.ts';
import type { Peer } from '../../../src/p2p/peer/peer.ts';
import { FeeFilterSender } from '../../../src/p2p/transactions/fee-filter.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';

const MINUTE = 60_000;

function start({ blocksOnly = false } = {}) {
  const clock = new VirtualClock();
  const state = { feeRate: 12_000n, isActive: false };
  const mempool = { minFeeRate: () => state.feeRate } as unknown as Mempool;
  const filters = new FeeFilterSender({ blocksOnly }, { clock, mempool, catchUp: state as unknown as CatchUp });
  const connect = (fields: object = {}) => {
    const sent: bigint[] = [];
    const peer = {
      ...{ type: 'inbound', handshake: { version: 70_016 } },
      ...{ send: (_: string, { feeRate }: { feeRate: bigint }) => sent.push(feeRate), ...fields },
    } as unknown as Peer;
    filters.peerReady(peer);
    return { peer, sent };
  };
  return { clock, state, filters, connect };
}

describe('our fee filter', () => {
  it('is sent after the handshake, and not again while it is the same', () => {
    const { clock, filters, connect } = start();
    const { sent } = connect();
    clock.advance(60 * MINUTE);
    filters.tick();
    expect(sent).toEqual([12_000n]);
  });

  it.each([
    ['raised by a third', 16_000n, false],
    ['raised by more than a third', 16_001n, true],
    ['lowered by a quarter', 9_000n, false],
    ['lowered by more than a quarter', 8_999n, true],
  ])('%s is sent at once if that is much, otherwise after ten minutes', (_, feeRate, isAtOnce) => {
    const { clock, state, filters, connect } = start();
    const { sent } = connect();
    clock.advance(1_000);
    state.feeRate = feeRate;
    filters.tick();
    expect(sent).toEqual(isAtOnce ? [12_000n, feeRate] : [12_000n]);
    clock.advance(10 * MINUTE - 1_001);
    filters.tick();
    expect(sent).toHaveLength(isAtOnce ? 2 : 1);
    clock.advance(1);
    filters.tick();
    expect(sent).toEqual([12_000n, feeRate]);
  });

  it('is MAX_MONEY while the node catches up', () => {
    const { state, filters, connect } = start();
    state.isActive = true;
    const { sent } = connect();
    state.isActive = false;
    filters.update();
    expect(sent).toEqual([2_100_000_000_000_000n, 12_000n]);
  });

  it('is sent to no peer without transaction relay, of an old version, or gone', () => {
    const { clock, state, filters, connect } = start();
    const others = [{ type: 'block-relay-only' }, { handshake: { version: 70_012 } }].map((fields) => connect(fields));
    expect(others.map(({ sent }) => sent)).toEqual([[], []]);
    expect(connect({ handshake: { version: 70_013 } }).sent).toEqual([12_000n]);
    expect(start({ blocksOnly: true }).connect().sent).toEqual([]);
    const gone = connect();
    filters.peerClosed(gone.peer);
    state.feeRate = 1n;
    clock.advance(60 * MINUTE);
    filters.tick();
    expect(gone.sent).toEqual([12_000n]);
  });
});
