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

/** What a block says of a filter that is claimed to be its own. */
export type FilterVerdict =
  | {
      /** It lacks an output of the block, or holds more than the block has: it is not the block's. */
      readonly wrong: string;
    }
  | {
      readonly wrong?: undefined;
      /**
       * How many inputs look as if they spent an output whose script the filter lacks. That proves nothing, for an input
       * may look like anything; but of two filters the one with fewer is the better.
       */
      readonly unlikely: number;
    };

/**
 * Judges a block's filter by the block alone. The scripts of its outputs are there to be compared; those that it spends
 * are not, but most inputs tell what they must have been.
 */
export function judgeFilter(filter: Uint8Array, block: Block): FilterVerdict {
  const outputs = basicFilterElements(block, []);
  const inputs = block.transactions.slice(1).flatMap((tx) => tx.inputs);
  let set: ReturnType<typeof decodeFilter>;
  try {
    set = decodeFilter(filter, block.hash);
  } catch (error) {
    if (error instanceof DecodeError) return { wrong: `it is no filter: ${error.message}` };
    throw error;
  }
  if (set.count > outputs.length + inputs.length) return { wrong: 'it holds more than its block has' };
  if (!outputs.every((script) => set.has(script))) return { wrong: 'it lacks an output of its block' };
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

/** Scripts one of which an input most likely spends; none where it does not tell. */
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
  // Of a taproot output neither the key nor, cheaply, the tree is to be seen.
  if (!last || witness.length < 2 || last[0] === ANNEX_TAG || isControlBlock(last)) return [];
  const scripts = [compileScript(Op.OP_0, sha256(last))];
  if (witness.length === 2 && last.length === 33) scripts.push(compileScript(Op.OP_0, hash160(last)));
  return scripts;
}
