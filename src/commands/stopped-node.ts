import { rpcMethods } from '../api/methods/index.ts';
import { lightMethods } from '../api/methods/light/light.ts';
import { type CallParams, callMethod } from '../api/rpc/dispatch.ts';
import { type NodeConfig, nodePaths } from '../node/config.ts';
import { FullNode, type StartOptions } from '../node/full-node.ts';
import { LightNode } from '../node/light-node.ts';
import { StoreError } from '../store/errors.ts';

/** A node that was started in this process, for one command. */
export interface OpenedNode {
  readonly node: FullNode | LightNode;
  /** Calls one of its RPC methods. */
  call(method: string, params?: CallParams, wallet?: string): Promise<unknown>;
}

/** Starts a node that does not run on the files that it has, as the kind of node that these belong to. */
export async function openStoppedNode(
  config: NodeConfig,
  options: Omit<StartOptions, 'createChain'>,
): Promise<OpenedNode> {
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
