import { concatBytes } from '../../../bytes/compare.ts';

/** Returns bytes in the format of gzip. */
export function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  return transform(new CompressionStream('gzip'), bytes, Number.POSITIVE_INFINITY);
}

/** Returns what `gzip` was given. Rejects if the bytes are something else, or unpack to more than `limit` bytes. */
export function gunzip(bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  return transform(new DecompressionStream('gzip'), bytes, limit);
}

async function transform(
  { readable, writable }: CompressionStream | DecompressionStream,
  bytes: Uint8Array,
  limit: number,
): Promise<Uint8Array> {
  const writer = writable.getWriter();
  // Its errors are those of the reader, too.
  const written = (async () => {
    await writer.write(bytes as Uint8Array<ArrayBuffer>);
    await writer.close();
  })().catch(() => {});
  const reader: ReadableStreamDefaultReader<Uint8Array> = readable.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > limit) {
      await reader.cancel();
      throw new RangeError(`it unpacks to more than ${limit} bytes`);
    }
    chunks.push(value);
  }
  await written;
  return concatBytes(...chunks);
}
