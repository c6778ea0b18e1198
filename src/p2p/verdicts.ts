import type { Command } from './messages/index.ts';

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

/** Commands of bloom filters (BIP37) and of who serves block filters (BIP157), with the least bytes of their payload. */
const unoffered: ReadonlyMap<string, number> = new Map([
  ['filterload', 0],
  ['filteradd', 0],
  ['filterclear', 0],
  ['getcfilters', 37],
  ['getcfheaders', 37],
  ['getcfcheckpt', 33],
]);

/** Whether a message asks for a service that we have not said we offer. Core disconnects whoever does. */
export function asksForUnoffered(command: string, payload: Uint8Array): boolean {
  const least = unoffered.get(command);
  return least !== undefined && payload.length >= least;
}
