/**
 * Networks of nodes on one machine, one process for each node, and the scenario of `pier up`.
 *
 * @example
 * ```ts
 * import { mkdtemp } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { freeNodeIds, NodeProcess } from 'pier/devnet';
 *
 * const dataDir = await mkdtemp(join(tmpdir(), 'pier-'));
 * const [first, second] = await freeNodeIds(2);
 * const central = await NodeProcess.start({ nodeId: first!, dataDir, seeds: ['127.0.0.1:1'] });
 * const other = await NodeProcess.start({ nodeId: second!, dataDir, seeds: [central.p2p] });
 * console.log(await other.rpc.call('getconnectioncount'));
 * await other.stop();
 * await central.stop();
 * ```
 *
 * @module pier/devnet
 * @packageDocumentation
 */

export type { ClockState } from '../testing/network-clock.ts';
export type { AccountDescriptors, ExtendedKeys } from './accounts/account-keys.ts';
export { Account, type DoubleSpendOptions, type PayOptions } from './network/account.ts';
export {
  type CloseOptions,
  type CreateOptions,
  createNetwork,
  type SavedNetworkOptions,
} from './network/create-network.ts';
export type { WaitOptions } from './network/deadline.ts';
export { feedEventTypes } from './network/events/feed-event-types.ts';
export type { EventOptions, NetworkEvent } from './network/events/network-events.ts';
export type { FeedEvent, MiningFailure, NodeFeedEvent } from './network/events/network-feed.ts';
export type { AddedLinkOptions, AddNodeOptions } from './network/members/plan-added-node.ts';
export type { MiningMode } from './network/mining-mode.ts';
export { type FeeOptions, NetworkFees } from './network/network-fees.ts';
export { NetworkFixture } from './network/network-fixture.ts';
export { NetworkLink } from './network/network-link.ts';
export { NetworkNode } from './network/network-node.ts';
export { NetworkTime } from './network/network-time.ts';
export { type MineOptions, NodeNetwork } from './network/node-network.ts';
export { Payment } from './network/payment.ts';
export type { Reorg, ReorgOptions } from './network/reorg.ts';
export type { ReplaceOptions } from './network/replacement.ts';
export type { TrafficOptions, TrafficRefusal, TrafficStatistics } from './network/traffic.ts';
export type { NodeStatus, NodeView, RpcAddress } from './nodes/node-backend.ts';
export type { LogLine, LogLineLevel } from './nodes/node-log.ts';
export { NodeChild } from './processes/node-child.ts';
export {
  NodeProcess,
  type NodeProcessOptions,
  type ReadyLine,
  type RunPierOptions,
  runPier,
} from './processes/node-process.ts';
export { freeNodeIds, isPortFree } from './processes/ports.ts';
export { type Fact, ScenarioError, type StepEvidence } from './scenario/evidence.ts';
export { Scenario, type ScenarioOptions } from './scenario/scenario.ts';
export type { Amount } from './topology/amount.ts';
export {
  type ConditionsOptions,
  type EngineName,
  engineNames,
  type LinkOptions,
  type NetworkOptions,
  type NodeKind,
  type NodeOptions,
  type NodeRole,
  nodeKinds,
  nodeRoles,
} from './topology/network-options.ts';
export { readTopology } from './topology/read-topology.ts';
export { type ShapeName, shapeNames } from './topology/shapes.ts';
