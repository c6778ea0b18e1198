import { hash160, sha256 } from '../../crypto/hash.ts';
import { type AddressPrefixes, encodeAddress } from '../../script/address.ts';
import { MAX_SCRIPT_ELEMENT_SIZE } from '../../script/limits.ts';
import { isOpSuccess, Op } from '../../script/opcodes.ts';
import { compileScript, isUnspendable, parseScript } from '../../script/script.ts';
import { solve } from '../../script/standard.ts';
import type { JsonObject } from '../json/json.ts';
import { scriptPubKeyJson } from './script-json.ts';

/** Describes a script and its P2SH and segwit wrappings as in decodescript. */
export function decodeScriptJson(script: Uint8Array, prefixes: AddressPrefixes): JsonObject {
  const { hex: _hex, ...shown } = scriptPubKeyJson(script, prefixes);
  if (!canBeWrapped(script)) return shown;
  const segwit = witnessScriptPubKey(script);
  return {
    ...shown,
    p2sh: scriptHashAddress(script, prefixes),
    segwit: segwit && {
      ...scriptPubKeyJson(segwit, prefixes, script),
      'p2sh-segwit': scriptHashAddress(segwit, prefixes),
    },
  };
}

/** Types of scripts that are not wrapped in P2SH or P2WSH. */
const unwrappable: ReadonlySet<string> = new Set([
  'nulldata',
  'scripthash',
  'witness_unknown',
  'witness_v1_taproot',
  'anchor',
]);

function canBeWrapped(script: Uint8Array): boolean {
  if (unwrappable.has(solve(script).type) || isUnspendable(script)) return false;
  const operations = parseScript(script);
  return (
    operations?.every(({ opcode, data }) => {
      if (data && data.length > MAX_SCRIPT_ELEMENT_SIZE) return false;
      // Opcodes of tapscript are invalid in P2SH and P2WSH.
      return opcode <= Op.OP_NOP10 && !isOpSuccess(opcode);
    }) ?? false
  );
}

/** Returns the script's witness output: P2WPKH for one key, otherwise P2WSH; undefined if segwit forbids its keys. */
function witnessScriptPubKey(script: Uint8Array): Uint8Array | undefined {
  const { type, solutions } = solve(script);
  switch (type) {
    case 'pubkey':
    case 'multisig':
      if (solutions.some((key) => key.length !== 33)) return undefined;
      return type === 'pubkey'
        ? compileScript(Op.OP_0, hash160(solutions[0]!))
        : compileScript(Op.OP_0, sha256(script));
    case 'pubkeyhash':
      return compileScript(Op.OP_0, solutions[0]!);
    case 'nonstandard':
      return compileScript(Op.OP_0, sha256(script));
    default:
      return undefined;
  }
}

function scriptHashAddress(script: Uint8Array, prefixes: AddressPrefixes): string | undefined {
  return encodeAddress(compileScript(Op.OP_HASH160, hash160(script), Op.OP_EQUAL), prefixes);
}
