import type { BlockRejectKind, Reject } from '../consensus/reject.ts';
import { formatReject } from '../consensus/reject.ts';
import type { Peer } from './peer.ts';

/** Whether who sent a block or header broke the rules by it (Core: MaybePunishNodeForBlock). */
function isPunishable(kind: BlockRejectKind, peer: Peer): boolean {
  switch (kind) {
    case 'consensus':
    case 'mutated':
    case 'invalid-header':
    case 'invalid-prev':
    case 'missing-prev':
      return true;
    case 'cached-invalid':
      // Whom we chose ourselves must not be on a chain that is invalid; those who called us may learn better.
      return !peer.inbound;
    case 'low-work':
    case 'time-future':
      return false;
  }
}

/** Reports the sender of a refused block or header if that broke the rules. */
export function judgeSender(peer: Peer, reject: Reject<BlockRejectKind>): void {
  if (isPunishable(reject.kind, peer)) peer.misbehaving(formatReject(reject));
}
