import { type CallParams, callMethod } from '../api/methods/dispatch.ts';
import { rpcMethods } from '../api/methods/index.ts';
import { lightMethods } from '../api/methods/light/index.ts';
import { type NodeConfig, nodePaths } from '../node/config.ts';
import { FullNode, type StartOptions } from '../node/full-node.ts';
import { LightNode } from '../node/light-node.ts';
import { StoreError } from '../store/errors.ts';

/** A node that runs in this process for one command. */
export interface InProcessNode {
  readonly node: FullNode | LightNode;
  /** Calls one of the node's RPC methods; `wallet` selects a wallet. */
  call(method: string, params?: CallParams, wallet?: string): Promise<unknown>;
}

/** Starts a stopped node in this process, as a full or light node according to its files. */
export async function openInProcessNode(
  config: NodeConfig,
  options: Omit<StartOptions, 'createChain'>,
): Promise<InProcessNode> {
  try {
    const node = await FullNode.start(config, { ...options, createChain: false });
    return { node, call: (method, params, wallet) => callMethod(node, rpcMethods, method, params, wallet) };
  } catch (error) {
    const isLight =
      error instanceof StoreError && error.code === 'other-kind' && error.path === nodePaths(config).chain;
    if (!isLight) throw error;
  }
  const node = await LightNode.start(config, { network: options.network });
  return { node, call: (method, params, wallet) => callMethod(node, lightMethods, method, params, wallet) };
}
