import { expect, it } from 'vitest';
import type { BlockRejectKind, Reject } from '../../../src/consensus/reject.ts';
import { maybePunishNodeForBlock } from '../../../src/p2p/blocks/maybe-punish-node-for-block.ts';
import type { Peer } from '../../../src/p2p/peer/peer.ts';

// Core's MaybePunishNodeForBlock: by block, by block of an inbound peer, and by compact block.
it.each<[BlockRejectKind, boolean, boolean, boolean]>([
  ['consensus', true, true, false],
  ['mutated', true, true, false],
  ['invalid-header', true, true, true],
  ['invalid-prev', true, true, true],
  ['missing-prev', true, true, true],
  ['cached-invalid', true, false, false],
  ['low-work', false, false, false],
  ['time-future', false, false, false],
])(
  '%s: an outbound sender is punished: %s, an inbound one: %s, that of a compact block: %s',
  (kind, outbound, inbound, compact) => {
    const isPunished = (isInbound: boolean, viaCompact?: boolean) => {
      const reasons: string[] = [];
      const peer = { inbound: isInbound, misbehaving: (reason: string) => reasons.push(reason) } as unknown as Peer;
      const reject = { kind, reason: 'bad-blk-length' } as Reject<BlockRejectKind>;
      maybePunishNodeForBlock(peer, reject, viaCompact);
      expect(reasons.every((reason) => reason.startsWith('bad-blk-length'))).toBe(true);
      return reasons.length === 1;
    };
    expect([isPunished(false), isPunished(true), isPunished(false, true), isPunished(true, true)]).toEqual([
      ...[outbound, inbound, compact, compact],
    ]);
  },
);
