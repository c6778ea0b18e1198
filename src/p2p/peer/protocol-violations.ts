import type { Command } from '../wire/messages/index.ts';
import { ServiceFlag } from '../wire/protocol.ts';

/** Penalties for a list longer than the protocol allows, as in Core; a command without one is ignored. */
export const overlongListPenalties: { readonly [C in Command]?: 'misbehaving' | 'disconnect' } = {
  addr: 'misbehaving',
  addrv2: 'misbehaving',
  getblocks: 'disconnect',
  getdata: 'misbehaving',
  getheaders: 'disconnect',
  headers: 'misbehaving',
  inv: 'misbehaving',
};

/**
 * Commands that require a service bit: Bloom filters (BIP37; in Core, BIP35's `mempool` as well) or block filters
 * (BIP157). Payloads of fewer than `minLength` bytes are undecodable and ignored.
 */
const requiredServices: ReadonlyMap<string, { readonly flag: bigint; readonly minLength: number }> = new Map([
  ['filterload', { flag: ServiceFlag.BLOOM, minLength: 0 }],
  ['filteradd', { flag: ServiceFlag.BLOOM, minLength: 0 }],
  ['filterclear', { flag: ServiceFlag.BLOOM, minLength: 0 }],
  ['mempool', { flag: ServiceFlag.BLOOM, minLength: 0 }],
  ['getcfilters', { flag: ServiceFlag.COMPACT_FILTERS, minLength: 37 }],
  ['getcfheaders', { flag: ServiceFlag.COMPACT_FILTERS, minLength: 37 }],
  ['getcfcheckpt', { flag: ServiceFlag.COMPACT_FILTERS, minLength: 33 }],
]);

/**
 * Returns whether a message requests a service that is not in `offered`, our service bits. Core disconnects the sender.
 */
export function requestsUnofferedService(command: string, payload: Uint8Array, offered: bigint): boolean {
  const service = requiredServices.get(command);
  return service !== undefined && (offered & service.flag) === 0n && payload.length >= service.minLength;
}
