import type { Wallet } from '../wallet/wallet.ts';
import type { Argument, ArgumentValues } from './arguments.ts';
import type { Json } from './json.ts';
import type { RpcNode } from './rpc-node.ts';

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
export interface RpcContext {
  readonly node: RpcNode;
  readonly methods: ReadonlyMap<string, Method>;
  readonly activeCommands: ReadonlySet<ActiveCommand>;
  /** Aborted when the server closes; calls that wait end then. */
  readonly closing: AbortSignal;
  /** The name in the request's path, if there is one. */
  readonly walletName: string | undefined;
  /** The wallet that the request is for; throws `RpcError` where there is none, or no telling which. */
  wallet(): Wallet;
}

/** A method as the server sees it. */
export interface Method {
  readonly name: string;
  readonly category: Category;
  readonly description: string;
  readonly arguments: readonly Argument<unknown>[];
  /** The shape of the result, for help. */
  readonly result: string;
  /** Arguments of a call that makes sense, for help. */
  readonly example?: string;
  /** Runs the method with values that have been checked. */
  readonly run: (context: RpcContext, values: readonly unknown[]) => Json | Promise<Json>;
}

export interface MethodDefinition<A extends readonly Argument<unknown>[]> extends Omit<Method, 'run' | 'arguments'> {
  readonly arguments: A;
  readonly handler: (context: RpcContext, ...values: ArgumentValues<A>) => Json | Promise<Json>;
}

/** Ties a handler's parameters to the arguments that the method declares. */
export function method<const A extends readonly Argument<unknown>[]>(definition: MethodDefinition<A>): Method {
  const { handler, ...rest } = definition;
  return { ...rest, run: (context, values) => handler(context, ...(values as ArgumentValues<A>)) };
}
