import { PierError } from '../../platform/errors.ts';
import { socketChannel } from '../protocol/socket-channel.ts';
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

/** Milliseconds in which a server begins to answer. */
const ANSWER_TIMEOUT_MS = 5_000;

/**
 * Connects to a network's control server. Rejects with `PierError` 'no-network' if none is there, 'not-allowed' if it
 * refuses the token, 'network-starting' while the network is being created, 'too-many-clients', and 'no-answer' if it does
 * not answer within five seconds.
 */
export async function connectControl({ url, token }: ControlAddress): Promise<ControlClient> {
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(url, SUBPROTOCOL, {
    headers: { Authorization: `Bearer ${token}` },
    ...{ perMessageDeflate: false, maxPayload: MAX_MESSAGE, handshakeTimeout: ANSWER_TIMEOUT_MS },
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('unexpected-response', (request, { statusCode }) => {
      request.destroy();
      reject(refusal(url, statusCode!));
    });
    socket.once('error', (cause) => {
      if (/timed out/.test(cause.message)) {
        reject(
          new PierError('no-answer', `the network at ${url} does not answer`, { hint: 'Is its process stopped?' }),
        );
      } else reject(new PierError('no-network', `no network answers at ${url}`, { cause }));
    });
  });
  return new ControlClient(socketChannel(socket));
}

/** Returns the error for an answer that is not a WebSocket. */
function refusal(url: string, status: number): PierError {
  switch (status) {
    case 401:
    case 403:
      return new PierError('not-allowed', `${url} refuses this client (HTTP status ${status})`);
    case 425:
      return new PierError('network-starting', 'the network is being created', { hint: 'Try again in a moment.' });
    case 503:
      return new PierError('too-many-clients', `the network at ${url} has too many clients`);
    default:
      return new PierError('no-network', `another program answers at ${url} (HTTP status ${status})`);
  }
}
