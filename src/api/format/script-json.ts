import { type AddressPrefixes, encodeAddress } from '../../script/address.ts';
import { solve } from '../../script/standard.ts';
import type { JsonObject } from '../json/json.ts';
import { inferDescriptor } from './descriptor.ts';
import { asmJson, hexJson } from './large-json.ts';

/**
 * Describes an output script (Core: ScriptToUniv): `asm`, `desc`, `hex`, `address` if it has one,
 * `type`. `inner` is the witness script of a P2WSH output, if known.
 */
export function scriptPubKeyJson(scriptPubKey: Uint8Array, prefixes: AddressPrefixes, inner?: Uint8Array): JsonObject {
  const { type } = solve(scriptPubKey);
  return {
    asm: asmJson(scriptPubKey),
    desc: inferDescriptor(scriptPubKey, prefixes, inner),
    hex: hexJson(scriptPubKey),
    address: encodeAddress(scriptPubKey, prefixes),
    type,
  };
}
