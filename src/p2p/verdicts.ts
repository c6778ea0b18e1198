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

/** Commands of bloom filters (BIP37). */
const unoffered: ReadonlySet<string> = new Set(['filterload', 'filteradd', 'filterclear']);

/** Whether a message asks for a service that we have not said we offer. Core disconnects whoever does. */
export function asksForUnoffered(command: string): boolean {
  return unoffered.has(command);
}
