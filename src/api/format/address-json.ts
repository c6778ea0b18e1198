import { toHex } from '../../bytes/hex.ts';
import { witnessProgram, witnessVersion } from '../../script/script.ts';
import { solve } from '../../script/standard.ts';
import type { JsonObject } from '../json/json.ts';

/** Returns the details of an address that follow from its script (Core: DescribeAddress). */
export function addressDetailsJson(scriptPubKey: Uint8Array): JsonObject {
  const version = witnessVersion(scriptPubKey);
  const { type } = solve(scriptPubKey);
  if (version < 0) return { isscript: type === 'scripthash', iswitness: false };
  if (type === 'anchor') return { isscript: true, iswitness: true };
  return {
    isscript: type === 'witness_unknown' ? undefined : type !== 'witness_v0_keyhash',
    iswitness: true,
    witness_version: version,
    witness_program: toHex(witnessProgram(scriptPubKey)),
  };
}
