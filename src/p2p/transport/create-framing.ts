import type { Random } from '../../platform/random.ts';
import type { Framing, TransportVersion } from './framing.ts';
import { V1Framing } from './v1-framing.ts';
import { DetectingFraming } from './v2/detecting-framing.ts';
import { V2Framing } from './v2/v2-framing.ts';

/**
 * Returns the framing of a new connection. An inbound peer chooses the transport with its first bytes: where `version`
 * is v2, v1 is accepted as well (BIP324).
 */
export function createFraming(
  version: TransportVersion,
  inbound: boolean,
  { magic, random }: { readonly magic: Uint8Array; readonly random: Random },
): Framing {
  if (version === 'v1') return new V1Framing(magic);
  return inbound ? new DetectingFraming(magic, random) : new V2Framing({ magic, initiating: true }, random);
}
