/** Converts the bytes of `this` from `start` to before `end` to text. */
type Slice = (this: Uint8Array, start: number, end: number) => string;

/**
 * Native methods of Node's `Buffer.prototype` that convert bytes to text; undefined in a browser. They accept any
 * `Uint8Array`, and wrapping it in a `Buffer` first would take twice as long as the conversion.
 */
export const nodeBuffer = (globalThis as unknown as { Buffer?: { prototype: { latin1Slice: Slice; hexSlice: Slice } } })
  .Buffer?.prototype;
