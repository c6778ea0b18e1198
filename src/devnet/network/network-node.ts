import { RpcCode, RpcError } from '../../api/json/rpc-error.ts';
import type { CallParams } from '../../api/methods/dispatch.ts';
import { formatEndpoint } from '../../p2p/net/endpoint.ts';
import { PierError } from '../../platform/errors.ts';
import type { NodeBackend, NodeStatus, NodeView, RpcAddress } from '../nodes/node-backend.ts';
import { nodeStopped } from '../nodes/node-backend.ts';
import type { LogLine } from '../nodes/node-log.ts';
import type { NodeRole } from '../topology/network-options.ts';
import { check } from './arguments/method-arguments.ts';
import type { WaitOptions } from './deadline.ts';

/** What a `NetworkNode` asks of its network. */
export interface NodeHooks {
  /** Throws `PierError` 'network-closed' if the network is closed. */
  checkOpen(): void;
  /** Opens the connections of a node that has started. */
  started(node: NetworkNode): Promise<void>;
  /** Waits for a block of the node's chain. */
  reached(node: NetworkNode, height: number, options: WaitOptions): Promise<void>;
}

/** Returns the error of a call with the next step in a network, if it has none of its own. */
function withHint(error: unknown, { name, isFull }: NetworkNode, method: string): unknown {
  if (!(error instanceof RpcError) || error.hint !== undefined) return error;
  const hint = hintOf(error, name, isFull, method);
  return hint === undefined ? error : new RpcError(error.rpcCode, error.message, { hint, cause: error });
}

function hintOf({ rpcCode, message }: RpcError, name: string, isFull: boolean, method: string): string | undefined {
  switch (rpcCode) {
    case RpcCode.METHOD_NOT_FOUND:
      return `node('${name}').call('help') lists its methods${isFull ? '' : ': a light node has fewer'}.`;
    case RpcCode.WALLET_NOT_SPECIFIED:
      return `Name the wallet: node('${name}').call('${method}', [], account.wallet).`;
    case RpcCode.WALLET_NOT_FOUND:
      return `node('${name}').call('listwallets') lists its wallets; account.node is the node of an account's wallet.`;
    case RpcCode.WALLET_INSUFFICIENT_FUNDS:
      // The code has other causes, such as an amount that is too small.
      if (message.startsWith('Unconfirmed UTXOs')) return 'network.mine() confirms them.';
      if (!message.startsWith('Insufficient funds')) return undefined;
      return 'account.balance() is what it can spend. network.faucet(account, amount) gives it more, network.mine(101) the faucet.';
    case RpcCode.TYPE_ERROR:
    case RpcCode.INVALID_PARAMS:
    case RpcCode.INVALID_PARAMETER:
    case RpcCode.MISC_ERROR:
      return `node('${name}').call('help', ['${method}']) shows its arguments.`;
    default:
      return undefined;
  }
}

/** A node of a network. */
export class NetworkNode {
  /** The node in this process or another. @internal */
  readonly backend: NodeBackend;
  readonly #hooks: NodeHooks;
  readonly #listeners = new Set<() => void>();

  /** Networks create their nodes. @internal */
  constructor(backend: NodeBackend, hooks: NodeHooks) {
    this.backend = backend;
    this.#hooks = hooks;
    backend.onChange(() => this.#changed());
  }

  get name(): string {
    return this.backend.name;
  }

  get role(): NodeRole {
    return this.backend.role;
  }

  get status(): NodeStatus {
    return this.backend.status;
  }

  /** The id of its process; undefined if it runs in this one, or is stopped. */
  get pid(): number | undefined {
    return this.backend.pid;
  }

  /**
   * `HOST:PORT` at which other programs reach it as peers; undefined while it is stopped, for light nodes, and in memory
   * without the option `p2p`.
   */
  get p2p(): string | undefined {
    const { p2p } = this.backend;
    return p2p && formatEndpoint(p2p);
  }

  /** Where it serves RPC over HTTP, if the option `rpc` asks for it. */
  get rpc(): RpcAddress | undefined {
    return this.backend.rpc;
  }

  /** Path of the file with its whole log; undefined for a node in this process. */
  get logFile(): string | undefined {
    return this.backend.log.file;
  }

  /** Whether it validates blocks and has a mempool. */
  get isFull(): boolean {
    return this.role !== 'light';
  }

  /** Calls an RPC method; `wallet` selects a wallet. Rejects with `RpcError`, or `PierError` 'node-stopped'. */
  async call<T = unknown>(method: string, params: CallParams = [], wallet?: string): Promise<T> {
    this.#hooks.checkOpen();
    check.call({ method, params, wallet });
    return (await this.backend.call(method, params, wallet).catch((error: unknown) => {
      throw withHint(error, this, method);
    })) as T;
  }

  /**
   * Returns the last lines of its log, oldest first. At most 1,000 lines are kept in memory, of the levels `info`, `warn`
   * and `error`.
   */
  logs(count = 100): LogLine[] {
    check.logs({ count });
    return this.backend.log.last(count);
  }

  /** Returns its tip, mempool and number of peers. */
  view(): Promise<NodeView> {
    return this.backend.view();
  }

  /** Starts it again with what it had when it stopped, and connects it. */
  async start(): Promise<void> {
    this.#hooks.checkOpen();
    await this.backend.start();
    await this.#hooks.started(this);
  }

  /** Stops it in order: it keeps its mempool. */
  stop(): Promise<void> {
    return this.backend.stop();
  }

  /** Ends it as SIGKILL would: it loses its mempool, and nothing that was written. */
  kill(): Promise<void> {
    return this.backend.kill();
  }

  /**
   * Holds it back as SIGSTOP would: its connections stay open, and nothing is answered. Rejects with `PierError`
   * 'node-stopped'.
   */
  async pause(): Promise<void> {
    this.#checkStarted('pause');
    await this.backend.pause();
    this.#changed();
  }

  /** Lets a paused node go on. Rejects with `PierError` 'node-stopped'. */
  async resume(): Promise<void> {
    this.#checkStarted('resume');
    await this.backend.resume();
    this.#changed();
  }

  /** Resolves when its chain has a block at `height`. */
  async reached(height: number, options: WaitOptions = {}): Promise<void> {
    check.reached({ height, options });
    return this.#hooks.reached(this, height, options);
  }

  /**
   * Calls `listener` after every change of its status and of what `view` returns. Returns a function that unsubscribes.
   * @internal
   */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Throws `PierError` 'node-stopped' or 'node-paused' unless it runs. @internal */
  checkRunning(what: string): void {
    this.#checkStarted(what);
    if (this.status === 'running') return;
    throw new PierError('node-paused', `${this.name} is paused: it cannot ${what}`, {
      hint: `Let it go on with node('${this.name}').resume().`,
    });
  }

  #checkStarted(what: string): void {
    this.#hooks.checkOpen();
    if (this.status === 'stopped') throw nodeStopped(this.name, what);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
