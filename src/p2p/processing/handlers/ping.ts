import type { Handler } from '../handler-context.ts';

export const onPing: Handler<'ping'> = (_context, peer, { nonce }) => {
  if (nonce !== undefined) peer.send('pong', { nonce });
};

export const onPong: Handler<'pong'> = (_context, peer, { nonce }) => peer.keepAlive.pong(nonce);
