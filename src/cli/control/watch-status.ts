import type { Clock, Timer } from '../../platform/clock.ts';

/** Milliseconds from a change to the next drawing: what changes meanwhile is drawn together. */
const DELAY_MS = 250;

/**
 * Draws again after events, however many have come, until they end. Rejects if they end by an error, and if drawing fails.
 */
export async function drawAtEvents(
  events: AsyncIterable<unknown>,
  clock: Clock,
  draw: () => Promise<unknown>,
): Promise<void> {
  let hasChanged = false;
  let isDue = false;
  let timer: Timer | undefined;
  let fail = (_: unknown) => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const drawSoon = () => {
    isDue = true;
    timer = clock.after(DELAY_MS, () => {
      hasChanged = false;
      draw().then(() => {
        isDue = false;
        if (hasChanged) drawSoon();
      }, fail);
    });
  };
  const read = async () => {
    for await (const _ of events) {
      hasChanged = true;
      if (!isDue) drawSoon();
    }
  };
  try {
    await Promise.race([read(), failed]);
  } finally {
    timer?.cancel();
  }
}

/** Resolves once the reader of a stream has taken what was written; of one that has failed, never. */
export async function drained(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableNeedDrain) await new Promise((resolve) => stream.once('drain', resolve));
}
