import type { ControlChannel } from './messages.ts';

/** What one end of a port posts to the other: one of these. */
interface Frame {
  readonly text?: string;
  /** With a text: its receiver posts the number as `taken` once it can take more. */
  readonly number?: number;
  readonly taken?: number;
  /** Not every browser reports that the other end of a port has closed. */
  readonly closed?: true;
}

/**
 * Returns the channel of a message port. A port queues without end and says nothing of it, so that the other end says when
 * it can take more.
 */
export function portChannel(port: MessagePort): ControlChannel {
  /** What waits for the other end, by the number of its frame. */
  const waiting = new Map<number, () => void>();
  let lastNumber = 0;
  let isClosed = false;
  let closed = () => {};
  const post = (frame: Frame) => {
    if (!isClosed) port.postMessage(frame);
  };
  const end = () => {
    if (isClosed) return;
    isClosed = true;
    port.close();
    // As a socket does: not before `close` has returned, and what waits never will be taken.
    queueMicrotask(() => {
      closed();
      for (const sent of waiting.values()) sent();
    });
  };
  port.addEventListener('close', end);
  return {
    send: (text, sent) => {
      if (isClosed) return queueMicrotask(() => sent?.());
      if (!sent) return post({ text });
      waiting.set(++lastNumber, sent);
      post({ text, number: lastNumber });
    },
    onMessage: (listener) => {
      port.addEventListener('message', ({ data }: MessageEvent<Frame | null>) => {
        const { text, number, taken, closed: isOver } = data ?? {};
        if (isClosed) return;
        if (isOver) return end();
        if (typeof text === 'string') {
          listener(text, () => {
            if (number !== undefined) post({ taken: number });
          });
        }
        if (taken === undefined) return;
        const sent = waiting.get(taken);
        waiting.delete(taken);
        sent?.();
      });
      port.start();
    },
    onClose: (listener) => {
      closed = listener;
    },
    close: () => {
      post({ closed: true });
      end();
    },
  };
}
