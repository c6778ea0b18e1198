import { describe, expect, it } from 'vitest';
import type { HeaderView } from '../../../src/chain/tree/header-view.ts';
import { canDirectFetch } from '../../../src/p2p/blocks/can-direct-fetch.ts';
import { CatchUp } from '../../../src/p2p/blocks/catch-up.ts';
import { StaleTip } from '../../../src/p2p/blocks/stale-tip.ts';
import { Emitter } from '../../../src/platform/emitter.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';

const START = 1_700_000_000_000;

function start() {
  const clock = new VirtualClock(START);
  const state = { tipWork: 5n, headerWork: 5n, isInitialBlockDownload: true, isSyncing: false };
  const chain = {
    get tip() {
      return { chainwork: state.tipWork };
    },
    get bestHeader() {
      return { chainwork: state.headerWork };
    },
    get isInitialBlockDownload() {
      return state.isInitialBlockDownload;
    },
  } as unknown as HeaderView;
  return { clock, state, catchUp: new CatchUp({ chain, clock }, () => state.isSyncing) };
}

describe('a node is catching up', () => {
  it.each([
    ['while headers are synced', { isSyncing: true }, true],
    ['while a better header is known', { headerWork: 6n }, true],
    ['not if its tip is the best header', {}, false],
    ['not if its tip has more work than the best header', { headerWork: 4n }, false],
  ])('%s', (_, fields, isActive) => {
    const { state, catchUp } = start();
    Object.assign(state, fields);
    expect(catchUp.isActive).toBe(isActive);
  });

  it('for less than a minute without progress', () => {
    const { clock, state, catchUp } = start();
    state.headerWork = 6n;
    clock.advance(59_999);
    expect(catchUp.isActive).toBe(true);
    catchUp.progressed();
    clock.advance(59_999);
    expect(catchUp.isActive).toBe(true);
    clock.advance(1);
    expect(catchUp.isActive).toBe(false);
    // The tip is old, so that progress counts again.
    catchUp.progressed();
    expect(catchUp.isActive).toBe(true);
  });

  it('never again once it has caught up with a recent tip', () => {
    const { state, catchUp } = start();
    state.isInitialBlockDownload = false;
    state.headerWork = 6n;
    expect(catchUp.isActive).toBe(true);
    state.tipWork = 6n;
    expect(catchUp.isActive).toBe(false);
    Object.assign(state, { headerWork: 7n, isSyncing: true });
    catchUp.progressed();
    expect(catchUp.isActive).toBe(false);
  });

  it('again after it has caught up with an old tip', () => {
    const { state, catchUp } = start();
    expect(catchUp.isActive).toBe(false);
    state.headerWork = 6n;
    expect(catchUp.isActive).toBe(true);
  });
});

/** A chain with ten minutes between blocks whose tip is from the start. */
function tipAtStart() {
  const clock = new VirtualClock(START);
  const events = new Emitter<{ tip: undefined }>();
  const chain = { params: { powTargetSpacing: 600 }, events, tip: { time: START / 1000 } } as unknown as HeaderView;
  return { chain, clock, events };
}

describe('a tip', () => {
  // Core's TipMayBeStale: three block intervals.
  it('is stale more than 30 minutes after its last change', () => {
    const { chain, clock, events } = tipAtStart();
    const tip = new StaleTip({ chain, clock });
    clock.advance(1_800_000);
    expect(tip.isOverdue).toBe(false);
    clock.advance(1);
    expect(tip.isOverdue).toBe(true);
    events.emit('tip', undefined);
    expect(tip.isOverdue).toBe(false);
    clock.advance(1_800_001);
    expect(tip.isOverdue).toBe(true);
    tip.close();
    events.emit('tip', undefined);
    expect(tip.isOverdue).toBe(true);
  });

  // Core's CanDirectFetch: 20 block intervals.
  it('is recent for less than 200 minutes', () => {
    const { chain, clock } = tipAtStart();
    clock.advance(11_999_000);
    expect(canDirectFetch(chain, clock)).toBe(true);
    clock.advance(1_000);
    expect(canDirectFetch(chain, clock)).toBe(false);
  });
});
