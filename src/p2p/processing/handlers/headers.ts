import type { Handler } from '../handler-context.ts';

/** Processes received headers. */
export const onHeaders: Handler<'headers'> = ({ headers }, peer, message) => headers.received(peer, message.headers);

/** Answers a request for headers. */
export const onGetHeaders: Handler<'getheaders'> = ({ chainServer }, peer, message) =>
  chainServer.getHeaders(peer, message);

/** Announces new blocks to the peer by headers from now on (BIP130). */
export const onSendHeaders: Handler<'sendheaders'> = ({ announcer }, peer) => announcer.preferHeaders(peer);
