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
 * Reads the body of a request. Resolves to the text, '' if it is not UTF-8, which no JSON is; to an HTTP status if the
 * body is too large, by itself or with those that arrive at the same time; to undefined if the client disconnects.
 */
export function readBody(request: IncomingMessage, memory: BodyMemory): Promise<string | number | undefined> {
  if (Number(request.headers['content-length']) > MAX_BODY_BYTES) return Promise.resolve(413);
  return new Promise((resolve) => {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    let text: string | undefined = '';
    let bytes = 0;
    const decode = (chunk?: Uint8Array) => {
      try {
        if (text !== undefined) text += decoder.decode(chunk, { stream: chunk !== undefined });
      } catch {
        text = undefined;
      }
    };
    const finish = (result: string | number | undefined) => {
      memory.bytes -= bytes;
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      // What follows is discarded.
      if (typeof result === 'number') request.resume();
      resolve(result);
    };
    const onData = (chunk: Uint8Array) => {
      bytes += chunk.length;
      memory.bytes += chunk.length;
      decode(chunk);
      if (bytes > MAX_BODY_BYTES) finish(413);
      else if (memory.bytes > MAX_TOTAL_BYTES) finish(503);
    };
    const onEnd = () => {
      decode();
      finish(text ?? '');
    };
    const onClose = () => finish(undefined);
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}
