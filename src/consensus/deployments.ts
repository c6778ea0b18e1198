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

export function isBuried(deployment: Deployment): deployment is BuriedDeployment {
  return 'height' in deployment;
}

/** Whether the network knows the soft fork at all (Core: DeploymentEnabled). */
export function isDeployed(deployment: Deployment): boolean {
  return isBuried(deployment) || deployment.startTime !== NEVER_ACTIVE;
}

/** Whether the block after `prev` must keep a soft fork's rules (Core: DeploymentActiveAfter). */
export function isActiveAfter(name: DeploymentName, prev: HeaderContext | undefined, params: ChainParams): boolean {
  const deployment = params.deployments[name];
  if (isBuried(deployment)) return (prev ? prev.height + 1 : 0) >= deployment.height;
  return deploymentState(deployment, prev) === 'active';
}

/**
 * The flags with which the scripts of the block after `prev` run (Core: GetBlockScriptFlags). `hash` (internal order)
 * tells the blocks that were mined before a rule which they break; a block yet to be mined needs none.
 */
export function blockScriptFlags(prev: HeaderContext | undefined, params: ChainParams, hash?: Uint8Array): number {
  // BIP16 and segwit hold from genesis on, but for those blocks; so does taproot where no other block breaks it.
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

/** The version of a block after `prev` that signals for all that can be signalled for (Core: ComputeBlockVersion). */
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
