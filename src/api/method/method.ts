import type { Wallet } from '../../wallet/wallet.ts';
import type { Argument, ArgumentValues } from '../arguments/arguments.ts';
import type { Json } from '../json/json.ts';
import type { AnyRpcNode, RpcNode } from './rpc-node.ts';

/** The groups of methods, in the order in which help lists them. */
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
export type Category = (typeof categories)[number];

/** A call that is being answered. */
export interface ActiveCommand {
  readonly method: string;
  /** By the node's monotonic clock. */
  readonly startedAt: number;
}

/** What a method works with. */
export interface RpcContext<N extends AnyRpcNode = RpcNode> {
  readonly node: N;
  readonly methods: ReadonlyMap<string, MethodHelp>;
  readonly activeCommands: ReadonlySet<ActiveCommand>;
  /** Aborted when the server closes; calls that wait end then. */
  readonly closing: AbortSignal;
  /** The name in the request's path, if there is one. */
  readonly walletName: string | undefined;
  /** The wallet that the request is for; throws `RpcError` where there is none, or no telling which. */
  wallet(): Wallet;
}

/** What there is to know of a method. */
export interface MethodHelp {
  readonly name: string;
  readonly category: Category;
  readonly description: string;
  readonly arguments: readonly Argument<unknown>[];
  /** The shape of the result, for help. */
  readonly result: string;
  /** Arguments of a call that makes sense, for help. */
  readonly example?: string;
}

/** A method as the server of a kind of nodes sees it. */
export interface Method<N extends AnyRpcNode = RpcNode> extends MethodHelp {
  /** Runs the method with values that have been checked. */
  readonly run: (context: RpcContext<N>, values: readonly unknown[]) => Json | Promise<Json>;
}

export interface MethodDefinition<A extends readonly Argument<unknown>[], N extends AnyRpcNode>
  extends Omit<MethodHelp, 'arguments'> {
  readonly arguments: A;
  readonly handler: (context: RpcContext<N>, ...values: ArgumentValues<A>) => Json | Promise<Json>;
}

/** Ties a handler's parameters to the arguments that the method declares. */
export function method<const A extends readonly Argument<unknown>[], N extends AnyRpcNode = RpcNode>(
  definition: MethodDefinition<A, N>,
): Method<N> {
  const { handler, ...rest } = definition;
  return { ...rest, run: (context, values) => handler(context, ...(values as ArgumentValues<A>)) };
}
