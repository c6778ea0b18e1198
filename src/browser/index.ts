/**
 * Networks of full and light nodes in a web page: `createNetwork` of `pier/devnet`, with nothing of Node.js. The entry is
 * one file, which a page can also load without a bundler.
 *
 * @example
 * ```ts
 * import { createNetwork } from 'pier/browser';
 *
 * const network = await createNetwork({ nodes: [{ name: 'shop' }, { name: 'pool' }, { name: 'phone', role: 'light' }] });
 * await network.mine(101);
 * console.log((await network.node('phone').view()).height);
 * await network.close();
 * ```
 *
 * @module pier/browser
 * @packageDocumentation
 */

export { RpcCode, RpcError } from '../api/json/rpc-error.ts';
export * from '../control/in-page.ts';
export type { AccountDescriptors, ExtendedKeys } from '../devnet/accounts/account-keys.ts';
export { Account, type DoubleSpendOptions, type PayOptions } from '../devnet/network/account.ts';
export type { WaitOptions } from '../devnet/network/deadline.ts';
export type { EventOptions, NetworkEvent } from '../devnet/network/events/network-events.ts';
export type { MiningMode } from '../devnet/network/mining-mode.ts';
export { type FeeOptions, NetworkFees } from '../devnet/network/network-fees.ts';
export { NetworkLink } from '../devnet/network/network-link.ts';
export { NetworkNode } from '../devnet/network/network-node.ts';
export { NetworkTime } from '../devnet/network/network-time.ts';
export { type MineOptions, NodeNetwork } from '../devnet/network/node-network.ts';
export type { CloseOptions, CreateOptions, SavedNetworkOptions } from '../devnet/network/open-network.ts';
export { Payment } from '../devnet/network/payment.ts';
export type { Reorg, ReorgOptions } from '../devnet/network/reorg.ts';
export type { ReplaceOptions } from '../devnet/network/replacement.ts';
export type { TrafficOptions, TrafficRefusal, TrafficStatistics } from '../devnet/network/traffic.ts';
export type { NodeStatus, NodeView } from '../devnet/nodes/node-backend.ts';
export type { LogLine, LogLineLevel } from '../devnet/nodes/node-log.ts';
export type { Amount } from '../devnet/topology/amount.ts';
export type {
  ConditionsOptions,
  EngineName,
  LinkOptions,
  NetworkOptions,
  NodeKind,
  NodeOptions,
  NodeRole,
} from '../devnet/topology/network-options.ts';
export type { ShapeName } from '../devnet/topology/shapes.ts';
export { PierError } from '../platform/errors.ts';
export { createNetwork } from './create-network.ts';
