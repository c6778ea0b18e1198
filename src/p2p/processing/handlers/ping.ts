import type { Handler } from '../handler-context.ts';

/** Answers a ping (BIP31). */
export const onPing: Handler<'ping'> = (_context, peer, { nonce }) => {
  if (nonce !== undefined) peer.send('pong', { nonce });
};

/** Passes a pong to the keep-alive timer. */
export const onPong: Handler<'pong'> = (_context, peer, { nonce }) => peer.keepAlive.pong(nonce);
