import type { Handler } from '../handler-context.ts';

export const onHeaders: Handler<'headers'> = ({ headers }, peer, message) => headers.received(peer, message.headers);

export const onGetHeaders: Handler<'getheaders'> = ({ chainServer }, peer, message) =>
  chainServer.getHeaders(peer, message);

export const onSendHeaders: Handler<'sendheaders'> = ({ announcer }, peer) => announcer.preferHeaders(peer);
