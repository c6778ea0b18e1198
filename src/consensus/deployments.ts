import { toReversedHex } from '../bytes/hex.ts';
import { ScriptFlag } from '../script/flags.ts';
import type { HeaderContext } from './header-context.ts';
import {
  type BuriedDeployment,
  type ChainParams,
  type Deployment,
  type DeploymentName,
  deploymentNames,
} from './params.ts';
import { deploymentState, NEVER_ACTIVE, VERSIONBITS_TOP_BITS } from './versionbits.ts';

/** Returns whether the soft fork has a hard-coded activation height. */
export function isBuried(deployment: Deployment): deployment is BuriedDeployment {
  return 'height' in deployment;
}

/** Returns whether the soft fork is active or may become active on the network (Core: DeploymentEnabled). */
export function isDeployed(deployment: Deployment): boolean {
  return isBuried(deployment) || deployment.startTime !== NEVER_ACTIVE;
}

/**
 * Returns whether a soft fork is active for the block after `prev`, undefined for genesis (Core:
 * DeploymentActiveAfter).
 */
export function isActiveAfter(name: DeploymentName, prev: HeaderContext | undefined, params: ChainParams): boolean {
  const deployment = params.deployments[name];
  if (isBuried(deployment)) return (prev ? prev.height + 1 : 0) >= deployment.height;
  return deploymentState(deployment, prev) === 'active';
}

/**
 * Returns the script flags of the block after `prev` (Core: GetBlockScriptFlags). `hash` is the block's (internal
 * order), to recognise historic exceptions; omit it for a block that is not mined yet.
 */
export function blockScriptFlags(prev: HeaderContext | undefined, params: ChainParams, hash?: Uint8Array): number {
  // P2SH and segwit apply from genesis on, except to the exceptions. So does Taproot where no other block breaks it.
  let flags = ScriptFlag.P2SH | ScriptFlag.WITNESS;
  if (params.taprootFromGenesis || isActiveAfter('taproot', prev, params)) flags |= ScriptFlag.TAPROOT;
  if (hash && params.scriptFlagExceptions.size > 0) {
    flags = params.scriptFlagExceptions.get(toReversedHex(hash)) ?? flags;
  }
  if (isActiveAfter('bip66', prev, params)) flags |= ScriptFlag.DERSIG;
  if (isActiveAfter('bip65', prev, params)) flags |= ScriptFlag.CHECKLOCKTIMEVERIFY;
  if (isActiveAfter('csv', prev, params)) flags |= ScriptFlag.CHECKSEQUENCEVERIFY;
  if (isActiveAfter('segwit', prev, params)) flags |= ScriptFlag.NULLDUMMY;
  return flags;
}

/**
 * Returns the version of a new block after `prev`: it signals for every open deployment (Core: ComputeBlockVersion).
 */
export function blockVersion(prev: HeaderContext | undefined, params: ChainParams): number {
  let version = VERSIONBITS_TOP_BITS;
  for (const name of deploymentNames) {
    const deployment = params.deployments[name];
    if (isBuried(deployment)) continue;
    const state = deploymentState(deployment, prev);
    if (state === 'started' || state === 'locked_in') version |= 1 << deployment.bit;
  }
  return version;
}
