import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Clock } from '../../platform/clock.ts';
import type { ReplyWriter } from './json-rpc.ts';

/** Characters of a body that is sent as a whole, with its length; a longer one is sent in chunks. */
const MAX_WHOLE_CHARS = 1_048_576;
/** Milliseconds without progress after which a client that does not read is disconnected. */
const STALL_MS = 30_000;
/** Without a charset: npm's bitcoin-core compares the whole header with it. */
const JSON_TYPE: Headers = { 'Content-Type': 'application/json' };
const DEFAULT_TYPE: Headers = { 'Content-Type': 'text/html; charset=ISO-8859-1' };

type Headers = Readonly<Record<string, string>>;

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
    if (!this.#response.headersSent) writeHead(this.#response, this.status, JSON_TYPE);
    const hasRoom = this.#response.write(this.#text);
    this.#text = '';
    return hasRoom ? undefined : this.#drained();
  }

  /** Sends what is left and ends the reply. */
  end(): void {
    const response = this.#response;
    if (response.headersSent) response.end(this.#text);
    else if (this.status === 204) writeHead(response, 204, {}).end();
    else sendText(response, this.status, this.#text, JSON_TYPE);
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

/** Sends a reply with a body of known length, by default of the content type that libevent gives to bitcoind's. */
export function sendText(response: ServerResponse, status: number, text: string, headers: Headers = {}): void {
  const all = { ...DEFAULT_TYPE, ...headers, 'Content-Length': String(Buffer.byteLength(text)) };
  writeHead(response, status, all).end(text);
}

/** Writes the head of a reply. As in bitcoind's, a connection that stays open is not announced, except to HTTP/1.0. */
function writeHead(response: ServerResponse, status: number, headers: Headers): ServerResponse {
  const { shouldKeepAlive, req } = response;
  const connection = shouldKeepAlive ? (req.httpVersion === '1.0' ? 'keep-alive' : undefined) : 'close';
  response.removeHeader('Connection');
  return response.writeHead(status, reasonPhrase(status), {
    ...headers,
    ...(connection !== undefined && { Connection: connection }),
  });
}

/** Returns the reason phrase of libevent, which clients show. */
export function reasonPhrase(status: number): string {
  return status === 413 ? 'Request Entity Too Large' : (STATUS_CODES[status] ?? '');
}
