import type { Handler } from '../handler-context.ts';

/** `addr` and `addrv2`. */
export const onAddresses: Handler<'addr' | 'addrv2'> = ({ addresses }, peer, message) =>
  addresses.received(peer, message.addresses);

export const onGetAddr: Handler<'getaddr'> = ({ addresses }, peer) => addresses.requested(peer);
