import { PierError } from '../../platform/errors.ts';
import { checkArguments } from '../arguments/arguments.ts';
import { placeArguments } from '../arguments/named-arguments.ts';
import { encodeJson } from '../json/encode.ts';
import type { Json } from '../json/json.ts';
import { RpcCode, RpcError } from '../json/rpc-error.ts';
import { methodHelp } from '../method/help.ts';
import type { ActiveCommand, Method, RpcContext } from '../method/method.ts';
import type { AnyRpcNode } from '../method/rpc-node.ts';
import { selectWallet } from '../method/select-wallet.ts';
import { toRpcError } from '../method/to-rpc-error.ts';
import { type Call, CallQueue } from '../work/call.ts';
import { rpcMethods } from './index.ts';

/** Arguments of a call, by position or by name. */
export type CallParams = readonly unknown[] | Readonly<Record<string, unknown>>;

/** Looks up methods, validates their arguments and runs them. */
export class Dispatcher<N extends AnyRpcNode> {
  #node: N;
  readonly #methods: ReadonlyMap<string, Method<N>>;
  readonly #active = new Set<ActiveCommand>();
  readonly #replaced = new Set<() => void>();

  constructor(node: N, methods: ReadonlyMap<string, Method<N>>) {
    this.#node = node;
    this.#methods = methods;
  }

  /** Runs methods on another node from now on. Calls that wait go on with it, as after a reorganisation to its chain. */
  replaceNode(node: N): void {
    this.#node = node;
    for (const listener of [...this.#replaced]) listener();
  }

  /** Runs a method for a request and returns its result. Rejects with `RpcError` for any failure. */
  async call(name: string, params: CallParams, walletName: string | undefined, call: Call): Promise<Json> {
    if (call.signal.aborted) throw new RpcError(RpcCode.CLIENT_NOT_CONNECTED, 'Shutting down');
    const method = this.#methods.get(name);
    if (!method) {
      const why = rpcMethods.has(name) ? ': not available on a light node, which has no blocks' : '';
      throw new RpcError(RpcCode.METHOD_NOT_FOUND, `Method not found${why}`);
    }
    const given = placeArguments(method.arguments, params);
    const required = method.arguments.findLastIndex((argument) => argument.required) + 1;
    if (given.length < required || given.length > method.arguments.length) {
      throw new RpcError(RpcCode.MISC_ERROR, methodHelp(method));
    }
    const command: ActiveCommand = { method: name, startedAt: this.#node.clock.monotonic() };
    this.#active.add(command);
    try {
      const values = await checkArguments(method.arguments, given, call.step);
      return await method.run(this.#context(walletName, call), values);
    } catch (thrown) {
      throw this.#toRpcError(name, thrown);
    } finally {
      this.#active.delete(command);
    }
  }

  #context(walletName: string | undefined, call: Call): RpcContext<N> {
    const current = () => this.#node;
    return {
      get node() {
        return current();
      },
      onNodeReplaced: (listener) => {
        this.#replaced.add(listener);
        return () => this.#replaced.delete(listener);
      },
      methods: this.#methods,
      activeCommands: this.#active,
      call,
      walletName,
      wallet: () => selectWallet(current().wallets, walletName),
    };
  }

  #toRpcError(method: string, thrown: unknown): RpcError {
    const expected = toRpcError(thrown);
    if (expected) return expected;
    this.#node.logger.error({ err: thrown, method }, 'RPC method failed unexpectedly');
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const hint = thrown instanceof PierError ? thrown.hint : undefined;
    return new RpcError(RpcCode.MISC_ERROR, message, { ...(hint !== undefined && { hint }), cause: thrown });
  }
}

/** Calls methods of a node in this process, which can be replaced by another one of its kind. */
export class LocalCalls<N extends AnyRpcNode> {
  readonly #dispatcher: Dispatcher<N>;
  #node: N;
  #waiting = new AbortController();

  constructor(node: N, methods: ReadonlyMap<string, Method<N>>) {
    this.#node = node;
    this.#dispatcher = new Dispatcher(node, methods);
  }

  /** Calls methods of another node from now on; calls that wait go on with it. */
  replaceNode(node: N): void {
    this.#node = node;
    this.#dispatcher.replaceNode(node);
  }

  /** Ends the calls that wait for a block or a transaction; they answer with what there is. */
  endWaitingCalls(): void {
    this.#waiting.abort();
    this.#waiting = new AbortController();
  }

  /** Calls a method; returns the result as a client would parse it. Rejects with `RpcError`. */
  call(method: string, params: CallParams, walletName?: string): Promise<unknown> {
    const caller = { client: '', signal: this.#waiting.signal };
    return new CallQueue(this.#node.clock).run(caller, async (call) =>
      JSON.parse(encodeJson(await this.#dispatcher.call(method, params, walletName, call))),
    );
  }
}

/**
 * Calls a method of a node in this process; returns the result as a client would parse it. Rejects with `RpcError`.
 *
 * @example
 * ```ts
 * import { callMethod, rpcMethods } from 'pier/api';
 * import { FullNode, nodeConfig } from 'pier/node';
 *
 * const config = nodeConfig({ nodeId: 3000, dataDir: '/tmp/pier' });
 * const node = await FullNode.start(config, { network: 'none', createChain: true, createWallet: true });
 * console.log(await callMethod(node, rpcMethods, 'getblockchaininfo'));
 * await node.stop();
 * ```
 */
export async function callMethod<N extends AnyRpcNode>(
  node: N,
  methods: ReadonlyMap<string, Method<N>>,
  method: string,
  params: CallParams = [],
  walletName?: string,
): Promise<unknown> {
  return new LocalCalls(node, methods).call(method, params, walletName);
}
