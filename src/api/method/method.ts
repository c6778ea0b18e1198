import type { Wallet } from '../../wallet/wallet.ts';
import type { Argument, ArgumentValues } from '../arguments/arguments.ts';
import type { Json } from '../json/json.ts';
import type { Call } from '../work/call.ts';
import type { AnyRpcNode, RpcNode } from './rpc-node.ts';

/** The categories of methods, in the order of the help index. */
export const categories = [
  'Blockchain',
  'Control',
  'Generating',
  'Mining',
  'Network',
  'Rawtransactions',
  'Util',
  'Wallet',
] as const;
/** A category of methods in the help index. */
export type Category = (typeof categories)[number];

/** A call in progress. */
export interface ActiveCommand {
  readonly method: string;
  /** Milliseconds on the node's monotonic clock. */
  readonly startedAt: number;
}

/** What a method's handler works with. */
export interface RpcContext<N extends AnyRpcNode = RpcNode> {
  /** The node; after `onNodeReplaced` another one. */
  readonly node: N;
  /**
   * Calls `listener` when another node takes the place of `node`: in a network of `createNetwork`, after a revert. Returns
   * a function that unsubscribes.
   */
  onNodeReplaced(listener: () => void): () => void;
  readonly methods: ReadonlyMap<string, MethodHelp>;
  readonly activeCommands: ReadonlySet<ActiveCommand>;
  /** The request: long computations call its `step`, and what waits for an event uses its `wait`. */
  readonly call: Call;
  /** The wallet named in the request path, if any. */
  readonly walletName: string | undefined;
  /** Returns the wallet of the request. Throws `RpcError` if there is none or the choice is ambiguous. */
  wallet(): Wallet;
}

/** The help of a method. */
export interface MethodHelp {
  readonly name: string;
  readonly category: Category;
  readonly description: string;
  readonly arguments: readonly Argument<unknown>[];
  /** The shape of the result. */
  readonly result: string;
  /** The arguments of an example call. */
  readonly example?: string;
}

/** A method that can be called on nodes of type `N`. */
export interface Method<N extends AnyRpcNode = RpcNode> extends MethodHelp {
  /** Runs the method with validated arguments. */
  readonly run: (context: RpcContext<N>, values: readonly unknown[]) => Json | Promise<Json>;
}

/** A method with a handler that takes one typed parameter per argument. */
export interface MethodDefinition<A extends readonly Argument<unknown>[], N extends AnyRpcNode>
  extends Omit<MethodHelp, 'arguments'> {
  readonly arguments: A;
  /** Runs the method; its parameters follow the context in the order of `arguments`. */
  readonly handler: (context: RpcContext<N>, ...values: ArgumentValues<A>) => Json | Promise<Json>;
}

/** Defines a method; the handler's parameter types follow from the declared arguments. */
export function method<const A extends readonly Argument<unknown>[], N extends AnyRpcNode = RpcNode>(
  definition: MethodDefinition<A, N>,
): Method<N> {
  const { handler, ...rest } = definition;
  return { ...rest, run: (context, values) => handler(context, ...(values as ArgumentValues<A>)) };
}
