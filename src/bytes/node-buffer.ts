/** Text of the bytes from `start` up to `end` of the array that it is called on. */
type Slice = (this: Uint8Array, start: number, end: number) => string;

/**
 * The methods of Node's Buffer whose native code makes text of bytes; undefined in a browser. They work on every
 * Uint8Array: making a Buffer of one first would take twice as long as they do.
 */
export const nodeBuffer = (globalThis as unknown as { Buffer?: { prototype: { latin1Slice: Slice; hexSlice: Slice } } })
  .Buffer?.prototype;
