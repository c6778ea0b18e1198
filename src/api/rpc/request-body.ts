import type { IncomingMessage } from 'node:http';

/** Bytes of a request body (Core: MAX_SIZE, 32 MiB); a block of maximum weight is 8 MB as hex. */
const MAX_BODY_BYTES = 0x0200_0000;
/** Bytes of all request bodies that are being received. */
const MAX_TOTAL_BYTES = 0x1000_0000;

/** Counts the bytes of the request bodies that are being received. */
export class BodyMemory {
  bytes = 0;
}

/**
 * Reads the body of a request. Resolves to the text; to an HTTP status if the body is too large, by itself or with those
 * that arrive at the same time; to undefined if the client disconnects.
 */
export function readBody(request: IncomingMessage, memory: BodyMemory): Promise<string | number | undefined> {
  if (Number(request.headers['content-length']) > MAX_BODY_BYTES) return Promise.resolve(413);
  return new Promise((resolve) => {
    let text = '';
    let bytes = 0;
    const finish = (result: string | number | undefined) => {
      memory.bytes -= bytes;
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      // What follows is discarded.
      if (typeof result === 'number') request.resume();
      resolve(result);
    };
    const onData = (chunk: string) => {
      const size = Buffer.byteLength(chunk);
      bytes += size;
      memory.bytes += size;
      text += chunk;
      if (bytes > MAX_BODY_BYTES) finish(413);
      else if (memory.bytes > MAX_TOTAL_BYTES) finish(503);
    };
    const onEnd = () => finish(text);
    const onClose = () => finish(undefined);
    request.setEncoding('utf8').on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}
