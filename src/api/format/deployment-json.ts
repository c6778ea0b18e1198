import type { BlockIndex } from '../../chain/tree/block-index.ts';
import { isActiveAfter, isBuried, isDeployed } from '../../consensus/deployments.ts';
import { type ChainParams, deploymentNames } from '../../consensus/params.ts';
import {
  type Bip9Deployment,
  deploymentState,
  NO_TIMEOUT,
  signallingStatistics,
  stateSinceHeight,
} from '../../consensus/versionbits.ts';
import { JsonNumber, type JsonObject } from '../json/json.ts';

/** Core's NO_TIMEOUT, the maximum int64. */
const CORE_NO_TIMEOUT = new JsonNumber('9223372036854775807');

/** Returns the state of the network's soft forks for the block after `index` (Core: DeploymentInfo). */
export function deploymentsJson(index: BlockIndex, params: ChainParams): JsonObject {
  const deployments: Record<string, JsonObject> = {};
  for (const name of deploymentNames) {
    const deployment = params.deployments[name];
    if (!isDeployed(deployment)) continue;
    deployments[name] = isBuried(deployment)
      ? { type: 'buried', active: isActiveAfter(name, index, params), height: deployment.height }
      : bip9Json(deployment, index);
  }
  return deployments;
}

/** Describes a BIP9 deployment: its state at `index` and at the next block, signalling (Core: SoftForkDescPushBack). */
function bip9Json(deployment: Bip9Deployment, index: BlockIndex): JsonObject {
  const { bit, startTime, timeout, minActivationHeight } = deployment;
  const status = deploymentState(deployment, index.prev);
  const next = deploymentState(deployment, index);
  const isSignalling = status === 'started' || status === 'locked_in';
  return {
    type: 'bip9',
    height: next === 'active' ? stateSinceHeight(deployment, index) : undefined,
    active: next === 'active',
    bip9: {
      bit: isSignalling ? bit : undefined,
      start_time: startTime,
      timeout: timeout === NO_TIMEOUT ? CORE_NO_TIMEOUT : timeout,
      min_activation_height: minActivationHeight,
      status,
      since: stateSinceHeight(deployment, index.prev),
      status_next: next,
      ...(isSignalling ? signallingJson(deployment, index, status === 'started') : {}),
    },
  };
}

function signallingJson(deployment: Bip9Deployment, index: BlockIndex, isStarted: boolean): JsonObject {
  const { period, threshold } = deployment;
  const { signals, count, possible } = signallingStatistics(deployment, index);
  return {
    statistics: { period, elapsed: signals.length, count, ...(isStarted ? { threshold, possible } : {}) },
    signalling: signals.map((signal) => (signal ? '#' : '-')).join(''),
  };
}
