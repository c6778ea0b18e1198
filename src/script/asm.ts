import { toHex } from '../bytes/hex.ts';
import { ScriptCursor } from './cursor.ts';
import { ScriptFlag } from './flags.ts';
import { checkSignatureEncoding } from './interpreter/signature-encoding.ts';
import { decodeScriptNumber } from './number.ts';
import { Op, opcodeName } from './opcodes.ts';
import { isUnspendable } from './script.ts';

const sigHashNames: Readonly<Record<number, string>> = {
  1: 'ALL',
  2: 'NONE',
  3: 'SINGLE',
  129: 'ALL|ANYONECANPAY',
  130: 'NONE|ANYONECANPAY',
  131: 'SINGLE|ANYONECANPAY',
};

/**
 * Returns a script as Core's RPC prints it (Core: ScriptToAsmStr): pushes of up to four bytes as numbers, longer ones
 * as hex. With `showSigHash` (for a scriptSig), the hash type of a signature is printed as its name: `…[ALL]`.
 */
export function disassemble(script: Uint8Array, showSigHash = false): string {
  return [...asmWords(script, showSigHash)].join(' ');
}

/** Iterates over the words that `disassemble` joins with spaces. */
export function* asmWords(script: Uint8Array, showSigHash = false): Generator<string> {
  const cursor = new ScriptCursor(script);
  const namesSigHash = showSigHash && !isUnspendable(script);
  while (cursor.next()) {
    if (cursor.opcode > Op.OP_PUSHDATA4) yield opcodeName(cursor.opcode);
    else yield pushToAsm(cursor.data, namesSigHash);
  }
  if (cursor.isBroken) yield '[error]';
}

function pushToAsm(data: Uint8Array, namesSigHash: boolean): string {
  if (data.length <= 4) return String(decodeScriptNumber(data, false));
  if (namesSigHash && checkSignatureEncoding(data, ScriptFlag.STRICTENC) === undefined) {
    return `${toHex(data.subarray(0, -1))}[${sigHashNames[data[data.length - 1]!]}]`;
  }
  return toHex(data);
}
