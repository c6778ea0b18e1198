import type { Command } from '../wire/messages/index.ts';
import { ServiceFlag } from '../wire/protocol.ts';

// How Core judges what has no meaning here.

/** What follows from a list that is longer than the protocol allows; where nothing is said, the message is ignored. */
export const overlongVerdict: { readonly [C in Command]?: 'misbehaving' | 'disconnect' } = {
  addr: 'misbehaving',
  addrv2: 'misbehaving',
  getblocks: 'disconnect',
  getdata: 'misbehaving',
  getheaders: 'disconnect',
  headers: 'misbehaving',
  inv: 'misbehaving',
};

/**
 * Commands for those only who offer Bloom filters (BIP37, and BIP35's `mempool` in Core) or block filters (BIP157), with the
 * least bytes of their payload.
 */
const services: ReadonlyMap<string, { readonly flag: bigint; readonly least: number }> = new Map([
  ['filterload', { flag: ServiceFlag.BLOOM, least: 0 }],
  ['filteradd', { flag: ServiceFlag.BLOOM, least: 0 }],
  ['filterclear', { flag: ServiceFlag.BLOOM, least: 0 }],
  ['mempool', { flag: ServiceFlag.BLOOM, least: 0 }],
  ['getcfilters', { flag: ServiceFlag.COMPACT_FILTERS, least: 37 }],
  ['getcfheaders', { flag: ServiceFlag.COMPACT_FILTERS, least: 37 }],
  ['getcfcheckpt', { flag: ServiceFlag.COMPACT_FILTERS, least: 33 }],
]);

/** Whether a message asks for a service that is not among those that we offer. Core disconnects whoever does. */
export function asksForUnoffered(command: string, payload: Uint8Array, offered: bigint): boolean {
  const service = services.get(command);
  return service !== undefined && (offered & service.flag) === 0n && payload.length >= service.least;
}
