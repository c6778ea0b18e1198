import type { WebSocket } from 'ws';
import type { ControlChannel } from './messages.ts';

/** Returns the channel of a WebSocket. The system's buffers say when the other end can take more. */
export function socketChannel(socket: WebSocket): ControlChannel {
  // `close` follows.
  socket.on('error', () => {});
  return {
    send: (text, sent) => socket.send(text, () => sent?.()),
    onMessage: (listener) => socket.on('message', (data) => listener(String(data), () => {})),
    onClose: (listener) => socket.once('close', listener),
    close: () => socket.close(),
  };
}
