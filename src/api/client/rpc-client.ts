import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { PierError } from '../../platform/errors.ts';
import { encodeJson } from '../json/encode.ts';
import type { Json } from '../json/json.ts';
import { parseJsonNow } from '../json/parse.ts';
import { RpcError } from '../json/rpc-error.ts';

/** Connections of one client: a server closes those of callers that have too many. Further calls wait. */
const MAX_CONNECTIONS = 32;

/**
 * How long an idle connection is kept. Servers (this one, and bitcoind with `-rpcservertimeout`) close theirs after
 * 30 s, and a call that is sent at that instant gets no answer and may or may not have been executed.
 */
const IDLE_MS = 15_000;

/** Address and cookie file of a node's RPC server. */
export interface RpcClientOptions {
  readonly host: string;
  readonly port: number;
  readonly cookieFile: string;
  /** Milliseconds after which an idle connection is closed; shorter than what the server allows. @default 15000 */
  readonly idleMs?: number;
}

interface Reply {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

/**
 * Calls the RPC of a running node. Rejects with `RpcError` if the node answers with an error, and with `PierError`
 * 'node-not-running', 'rpc-unauthorized' or 'rpc-failed' if the call gets no answer.
 *
 * @example
 * ```ts
 * import { RpcClient, RpcError } from 'pier/api';
 *
 * const client = new RpcClient({ host: '127.0.0.1', port: 13000, cookieFile: '/tmp/pier/.cookie_3000' });
 * const hash = await client.call<string>('getblockhash', [0]);
 * console.log(await client.call('getblock', { blockhash: hash, verbosity: 1 }));
 * try {
 *   await client.call('getblockhash', [1_000_000]);
 * } catch (error) {
 *   if (error instanceof RpcError) console.log(error.rpcCode, error.message);
 * }
 * ```
 */
export class RpcClient {
  readonly #options: RpcClientOptions;
  readonly #agent: Agent;
  #lastId = 0;

  constructor(options: RpcClientOptions) {
    this.#options = options;
    // Idle connections do not keep the process alive. The agent's timeout closes those that no call uses.
    this.#agent = new Agent({ keepAlive: true, maxSockets: MAX_CONNECTIONS, timeout: options.idleMs ?? IDLE_MS });
  }

  /** Calls `method` with positional or named arguments; `wallet` selects a wallet. */
  async call<T = unknown>(
    method: string,
    params: readonly unknown[] | Readonly<Record<string, unknown>> = [],
    wallet?: string,
  ): Promise<T> {
    return (await this.#call(method, params, wallet, JSON.parse)) as T;
  }

  /** Calls `method` as `call` does. Numbers that a double would print differently are `JsonNumber`s: 1.50000000 is one. */
  async callExact(
    method: string,
    params: readonly unknown[] | Readonly<Record<string, unknown>> = [],
    wallet?: string,
  ): Promise<Json> {
    return (await this.#call(method, params, wallet, parseJsonNow)) as Json;
  }

  async #call(
    method: string,
    params: readonly unknown[] | Readonly<Record<string, unknown>>,
    wallet: string | undefined,
    parse: (text: string) => unknown,
  ): Promise<unknown> {
    const path = wallet === undefined ? '/' : `/wallet/${encodeURIComponent(wallet)}`;
    const body = encodeJson({ jsonrpc: '2.0', id: ++this.#lastId, method, params: params as Json });
    const { status, text } = await this.#post(path, body);
    if (status === 401) {
      throw new PierError(
        'rpc-unauthorized',
        `the node at ${this.#where} rejected the cookie ${this.#options.cookieFile}`,
        {
          hint: 'The cookie belongs to another node: check --datadir and --node-id.',
        },
      );
    }
    const reply = parseReply(text, parse);
    if (status !== 200 || reply === undefined) {
      throw new PierError('rpc-failed', `${this.#where} answered ${method} with HTTP status ${status}`);
    }
    if (reply.error) throw new RpcError(reply.error.code, reply.error.message);
    return reply.result;
  }

  get #where(): string {
    return `${this.#options.host}:${this.#options.port}`;
  }

  async #post(path: string, body: string): Promise<{ status: number; text: string }> {
    const { host, port } = this.#options;
    // Read for each call: a restarted node has a new cookie.
    const cookie = await this.#readCookie();
    return new Promise((resolve, reject) => {
      const call = request(
        {
          host,
          port,
          path,
          method: 'POST',
          agent: this.#agent,
          auth: cookie,
          headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
          );
          response.on('error', (error) => reject(this.#connectionError(error)));
        },
      );
      call.on('error', (error) => reject(this.#connectionError(error)));
      call.end(body);
    });
  }

  async #readCookie(): Promise<string> {
    try {
      return await readFile(this.#options.cookieFile, 'utf8');
    } catch (error) {
      // No cookie, or no folder that could hold one.
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code!)) throw this.#notRunning(error);
      throw new PierError('rpc-unauthorized', `cannot read the cookie ${this.#options.cookieFile}`, {
        hint: 'Run the command as the user that started the node.',
        cause: error,
      });
    }
  }

  #connectionError(error: unknown): PierError {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return this.#notRunning(error);
    const message = error instanceof Error ? error.message : String(error);
    return new PierError('rpc-failed', `connection to ${this.#where} failed: ${message}`, {
      hint: 'Check --rpc-host.',
      cause: error,
    });
  }

  #notRunning(cause: unknown): PierError {
    return new PierError('node-not-running', `no node is running at ${this.#where}`, {
      hint: "Start it with 'pier startnode'.",
      cause,
    });
  }
}

function parseReply(text: string, parse: (text: string) => unknown): Reply | undefined {
  try {
    const reply = parse(text);
    return typeof reply === 'object' && reply !== null ? reply : undefined;
  } catch {
    return undefined;
  }
}
