/** Node's functions, absent in browsers. */
const { setImmediate, clearImmediate } = globalThis as {
  setImmediate?: (callback: () => void) => unknown;
  clearImmediate?: (handle: unknown) => void;
};

/** Calls the callback once, unless the function that it returns is called before. */
type Schedule = (callback: () => void) => () => void;

/**
 * Calls a callback in the next turn of the event loop, after pending events of sockets and timers; returns a function that
 * cancels the call. Timers would lose a millisecond in Node, and four in a page: there, the callback comes by a message.
 */
export const immediate: Schedule = pick();

function pick(): Schedule {
  if (setImmediate) {
    return (callback) => {
      const handle = setImmediate(callback);
      return () => clearImmediate?.(handle);
    };
  }
  if (typeof MessageChannel !== 'undefined') return byMessages(new MessageChannel());
  return (callback) => {
    const handle = setTimeout(callback, 0);
    return () => clearTimeout(handle);
  };
}

/** @internal */
export function byMessages({ port1, port2 }: Pick<MessageChannel, 'port1' | 'port2'>): Schedule {
  /** One for each message under way, in their order. */
  const queue: { callback: (() => void) | undefined }[] = [];
  port1.onmessage = () => queue.shift()?.callback?.();
  return (callback) => {
    const entry: { callback: (() => void) | undefined } = { callback };
    queue.push(entry);
    port2.postMessage(undefined);
    return () => {
      entry.callback = undefined;
    };
  };
}
