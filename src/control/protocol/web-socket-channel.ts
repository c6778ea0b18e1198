import type { ControlChannel } from './messages.ts';

/** Returns the channel of a browser's WebSocket. It reads as fast as messages arrive. */
export function webSocketChannel(socket: WebSocket): ControlChannel {
  return {
    send: (text, sent) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
      sent?.();
    },
    onMessage: (listener) => {
      socket.addEventListener('message', ({ data }) => listener(String(data), () => {}));
    },
    onClose: (listener) => {
      socket.addEventListener('close', () => listener(), { once: true });
    },
    close: () => socket.close(),
  };
}
