import type { RpcNode } from '../api/method/rpc-node.ts';
import { type CallParams, callMethod } from '../api/methods/dispatch.ts';
import { rpcMethods } from '../api/methods/index.ts';

/** Calls an RPC method of a full node in this process, without HTTP; resolves with its result. */
export function callInProcess(
  node: RpcNode,
  method: string,
  params: CallParams = [],
  walletName?: string,
): Promise<unknown> {
  return callMethod(node, rpcMethods, method, params, walletName);
}
