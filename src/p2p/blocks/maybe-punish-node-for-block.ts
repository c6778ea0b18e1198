import type { BlockRejectKind, Reject } from '../../consensus/reject.ts';
import { formatReject } from '../../consensus/reject.ts';
import type { Peer } from '../peer/peer.ts';

/** Returns whether a block's or header's reject is misbehaviour of its sender. */
function isPunishable(kind: BlockRejectKind, peer: Peer, viaCompact: boolean): boolean {
  switch (kind) {
    case 'consensus':
    case 'mutated':
      return !viaCompact;
    case 'invalid-header':
    case 'invalid-prev':
    case 'missing-prev':
      return true;
    case 'cached-invalid':
      // An outbound peer must not be on an invalid chain; an inbound one may not have validated it yet.
      return !viaCompact && !peer.inbound;
    case 'low-work':
    case 'time-future':
      return false;
  }
}

/**
 * Reports the sender of a rejected block or header as misbehaving if it is to blame (Core: MaybePunishNodeForBlock).
 * The sender of a compact block vouches for its header only, since BIP152 allows relay before full validation.
 */
export function maybePunishNodeForBlock(peer: Peer, reject: Reject<BlockRejectKind>, viaCompact = false): void {
  if (isPunishable(reject.kind, peer, viaCompact)) peer.misbehaving(formatReject(reject));
}
