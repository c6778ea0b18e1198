import { DecodeError } from '../../bytes/errors.ts';
import { hash160, sha256 } from '../../crypto/hash.ts';
import type { Block } from '../../primitives/block.ts';
import type { TxIn } from '../../primitives/transaction.ts';
import { basicFilterElements, decodeFilter } from '../../proofs/block-filter.ts';
import { Op } from '../../script/opcodes.ts';
import { compileScript, lastPush } from '../../script/script.ts';

/** First bytes of a taproot input's last witness elements (BIP341). */
const ANNEX_TAG = 0x50;
const TAPSCRIPT_LEAF = 0xc0;

/** Result of checking a filter against its block. */
export type FilterVerdict =
  | {
      /** Why the filter cannot be the block's. */
      readonly wrong: string;
    }
  | {
      readonly wrong?: undefined;
      /**
       * Inputs whose most likely spent script is not in the filter. This is no proof, since an input does not commit to
       * that script; but of two filters, the one with the lower count is the more plausible.
       */
      readonly unlikely: number;
    };

/**
 * Checks a basic filter (BIP158) against the block alone. The scripts of the block's outputs are known. The scripts
 * that it spends are not, but most inputs reveal them.
 */
export function checkFilter(filter: Uint8Array, block: Block): FilterVerdict {
  const outputs = basicFilterElements(block, []);
  const inputs = block.transactions.slice(1).flatMap((tx) => tx.inputs);
  let set: ReturnType<typeof decodeFilter>;
  try {
    set = decodeFilter(filter, block.hash);
  } catch (error) {
    if (error instanceof DecodeError) return { wrong: `malformed filter: ${error.message}` };
    throw error;
  }
  if (set.count > outputs.length + inputs.length) return { wrong: 'more elements than the block has' };
  if (!outputs.every((script) => set.has(script))) return { wrong: 'missing output script' };
  let unlikely = 0;
  for (const input of inputs) {
    const scripts = likelyScripts(input);
    if (scripts.length > 0 && !scripts.some((script) => set.has(script))) unlikely++;
  }
  return { unlikely };
}

function isControlBlock(bytes: Uint8Array): boolean {
  return bytes.length % 32 === 1 && (bytes[0]! & 0xfe) === TAPSCRIPT_LEAF;
}

/** Returns the scripts of which an input most likely spends one; empty if the input does not reveal them. */
function likelyScripts({ scriptSig, witness }: TxIn): Uint8Array[] {
  const last = witness.at(-1);
  if (scriptSig.length > 0) {
    const pushed = lastPush(scriptSig);
    if (!pushed) return [];
    const hash = hash160(pushed);
    return [
      compileScript(Op.OP_HASH160, hash, Op.OP_EQUAL),
      compileScript(Op.OP_DUP, Op.OP_HASH160, hash, Op.OP_EQUALVERIFY, Op.OP_CHECKSIG),
    ];
  }
  // A taproot input does not reveal the output key (key path) or not cheaply (script path).
  if (!last || witness.length < 2 || last[0] === ANNEX_TAG || isControlBlock(last)) return [];
  const scripts = [compileScript(Op.OP_0, sha256(last))];
  if (witness.length === 2 && last.length === 33) scripts.push(compileScript(Op.OP_0, hash160(last)));
  return scripts;
}
