import type { Handler } from '../handler-context.ts';

/** Processes announced addresses (`addr` and `addrv2`). */
export const onAddresses: Handler<'addr' | 'addrv2'> = ({ addresses }, peer, message) =>
  addresses.received(peer, message.addresses);

/** Answers a request for addresses. */
export const onGetAddr: Handler<'getaddr'> = ({ addresses }, peer) => addresses.requested(peer);
