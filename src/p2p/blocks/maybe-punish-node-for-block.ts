import type { BlockRejectKind, Reject } from '../../consensus/reject.ts';
import { formatReject } from '../../consensus/reject.ts';
import type { Peer } from '../peer/peer.ts';

/** Whether who sent a block or header broke the rules by it (Core: MaybePunishNodeForBlock). */
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
      // Whom we chose ourselves must not be on a chain that is invalid; those who called us may learn better.
      return !viaCompact && !peer.inbound;
    case 'low-work':
    case 'time-future':
      return false;
  }
}

/**
 * Reports the sender of a refused block or header if that broke the rules. A compact block may be passed on as soon as its
 * header is known to be good (BIP152): what else is wrong with it is not held against its sender.
 */
export function maybePunishNodeForBlock(peer: Peer, reject: Reject<BlockRejectKind>, viaCompact = false): void {
  if (isPunishable(reject.kind, peer, viaCompact)) peer.misbehaving(formatReject(reject));
}
