import { toReversedHex } from '../bytes/hex.ts';
import { ScriptFlag } from '../script/flags.ts';
import type { ChainParams } from './params.ts';

/** The rules that became active at a height. */
export type Deployment = 'bip34' | 'bip65' | 'bip66' | 'csv' | 'segwit' | 'taproot';

/** Whether the block at `height` must keep a deployment's rules. */
export function isActive(deployment: Deployment, height: number, params: ChainParams): boolean {
  return height >= params[`${deployment}Height`];
}

/**
 * The flags with which the scripts of the block at `height` run (Core: GetBlockScriptFlags). `hash` (internal order)
 * tells the blocks that were mined before a rule which they break; a block yet to be mined needs none.
 */
export function blockScriptFlags(height: number, params: ChainParams, hash?: Uint8Array): number {
  // BIP16, segwit and taproot hold from genesis on, but for those blocks.
  let flags = ScriptFlag.P2SH | ScriptFlag.WITNESS | ScriptFlag.TAPROOT;
  if (hash && params.scriptFlagExceptions.size > 0) {
    flags = params.scriptFlagExceptions.get(toReversedHex(hash)) ?? flags;
  }
  if (isActive('bip66', height, params)) flags |= ScriptFlag.DERSIG;
  if (isActive('bip65', height, params)) flags |= ScriptFlag.CHECKLOCKTIMEVERIFY;
  if (isActive('csv', height, params)) flags |= ScriptFlag.CHECKSEQUENCEVERIFY;
  if (isActive('segwit', height, params)) flags |= ScriptFlag.NULLDUMMY;
  return flags;
}
