import type { WebSocket } from 'ws';
import { PierError } from '../../platform/errors.ts';
import type { ControlChannel } from '../protocol/messages.ts';
import { SUBPROTOCOL } from '../protocol/subprotocol.ts';
import { ControlClient } from './control-client.ts';

/** Bytes of a message from the server at most. */
const MAX_MESSAGE = 64 << 20;

/** Where a control server is, and what it wants to see. */
export interface ControlAddress {
  /** Such as `ws://127.0.0.1:8300/`. */
  readonly url: string;
  readonly token: string;
}

/**
 * Connects to a network's control server. Rejects with `PierError` 'no-network' if nothing listens there, and
 * 'not-allowed' if it refuses the token.
 */
export async function connectControl({ url, token }: ControlAddress): Promise<ControlClient> {
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(url, SUBPROTOCOL, {
    headers: { Authorization: `Bearer ${token}` },
    ...{ perMessageDeflate: false, maxPayload: MAX_MESSAGE },
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('unexpected-response', (request, { statusCode }) => {
      request.destroy();
      reject(new PierError('not-allowed', `${url} refuses this client (HTTP status ${statusCode})`));
    });
    socket.once('error', (cause) => reject(new PierError('no-network', `no network answers at ${url}`, { cause })));
  });
  return new ControlClient(channelOf(socket));
}

function channelOf(socket: WebSocket): ControlChannel {
  // `close` follows.
  socket.on('error', () => {});
  return {
    send: (text, sent) => socket.send(text, () => sent?.()),
    onMessage: (listener) => socket.on('message', (data) => listener(String(data))),
    onClose: (listener) => socket.once('close', listener),
    close: () => socket.close(),
  };
}
