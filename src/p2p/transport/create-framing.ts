import type { Random } from '../../platform/random.ts';
import type { Framing, TransportVersion } from './framing.ts';
import { V1Framing } from './v1-framing.ts';
import { DetectingFraming } from './v2/detecting-framing.ts';
import { V2Framing } from './v2/v2-framing.ts';

/**
 * Returns the framing of a new connection. With version v2, an inbound peer may also use v1: its first bytes decide
 * (BIP324).
 */
export function createFraming(
  version: TransportVersion,
  inbound: boolean,
  { magic, random }: { readonly magic: Uint8Array; readonly random: Random },
): Framing {
  if (version === 'v1') return new V1Framing(magic);
  return inbound ? new DetectingFraming(magic, random) : new V2Framing({ magic, initiating: true }, random);
}
