/** What these files use of Node's Buffer. */
interface NodeBuffer {
  latin1Slice(start: number, end: number): string;
  hexSlice(start: number, end: number): string;
}

/** Node's Buffer, whose native code makes text of bytes; undefined in a browser. */
export const nodeBuffer = (
  globalThis as unknown as {
    Buffer?: { from(buffer: ArrayBufferLike, byteOffset: number, length: number): NodeBuffer };
  }
).Buffer;
