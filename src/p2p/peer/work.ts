/**
 * Work in steps, for messages that may request much. At each `yield`, other peers may get a slice, and the
 * work is suspended while the peer's send buffer is full. A yielded promise is awaited. A yielded
 * number charges the step that many milliseconds at least. The work is abandoned if the peer disconnects.
 */
export type Work = Generator<void | number | Promise<void>, void, void>;

/** The unfinished part of handling a message. The peer's next message waits until it is done. */
export type Handling = void | Promise<void> | Work;

/** Returns the work that a handling is. */
export function* asWork(handling: Handling): Work {
  if (!handling) return;
  if (isWork(handling)) yield* handling;
  else yield handling;
}

/** Returns whether `handling` is work in steps. */
export function isWork(handling: object | undefined): handling is Work {
  return handling !== undefined && 'next' in handling;
}
