import type { ServerResponse } from 'node:http';
import type { Clock } from '../../platform/clock.ts';
import type { ReplyWriter } from './json-rpc.ts';

/** Characters of a body that is sent as a whole, with its length; a longer one is sent in chunks. */
const MAX_WHOLE_CHARS = 1_048_576;
/** Milliseconds without progress after which a client that does not read is disconnected. */
const STALL_MS = 30_000;

/** Writes a reply to an HTTP response, no faster than the client reads it. */
export class HttpReply implements ReplyWriter {
  status = 200;
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  #text = '';

  constructor(response: ServerResponse, clock: Clock) {
    this.#response = response;
    this.#clock = clock;
  }

  get isClosed(): boolean {
    return this.#response.destroyed || this.#response.socket?.destroyed === true;
  }

  write(text: string): Promise<void> | undefined {
    this.#text += text;
    if (this.isClosed) this.#text = '';
    if (this.#text.length < MAX_WHOLE_CHARS && !this.#response.headersSent) return undefined;
    if (!this.#response.headersSent) this.#response.writeHead(this.status, { 'content-type': 'application/json' });
    const hasRoom = this.#response.write(this.#text);
    this.#text = '';
    return hasRoom ? undefined : this.#drained();
  }

  /** Sends what is left and ends the reply. */
  end(): void {
    const response = this.#response;
    if (response.headersSent) response.end(this.#text);
    else if (this.status === 204) response.writeHead(204).end();
    else sendText(response, this.status, this.#text, { 'content-type': 'application/json' });
  }

  /** Resolves when the client has read enough, or is gone. */
  #drained(): Promise<void> {
    const response = this.#response;
    return new Promise((resolve) => {
      if (this.isClosed) return resolve();
      const timer = this.#clock.after(STALL_MS, () => response.destroy());
      const end = () => {
        timer.cancel();
        response.off('drain', end).off('close', end);
        resolve();
      };
      response.on('drain', end).on('close', end);
    });
  }
}

/** Sends a reply with a body of known length. */
export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text);
}
