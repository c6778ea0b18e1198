import type { RpcNode } from '../api/method/rpc-node.ts';
import { rpcMethods } from '../api/methods/index.ts';
import { type CallParams, callMethod } from '../api/rpc/dispatch.ts';

/** `callMethod` for a node with all blocks. */
export function callInProcess(
  node: RpcNode,
  method: string,
  params: CallParams = [],
  walletName?: string,
): Promise<unknown> {
  return callMethod(node, rpcMethods, method, params, walletName);
}
