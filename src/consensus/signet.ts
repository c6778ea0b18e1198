import { concatBytes, equalBytes } from '../bytes/compare.ts';
import { DecodeError } from '../bytes/errors.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import type { Block } from '../primitives/block.ts';
import { nullOutPoint } from '../primitives/outpoint.ts';
import { Transaction, type TxOut } from '../primitives/transaction.ts';
import { ScriptCursor } from '../script/cursor.ts';
import { ScriptFlag } from '../script/flags.ts';
import { Op } from '../script/opcodes.ts';
import { pushBytes } from '../script/script.ts';
import { SighashCache } from '../script/sighash/cache.ts';
import { verifyInput } from '../script/verify.ts';
import { merkleRoot } from './merkle.ts';
import type { ChainParams } from './params.ts';
import { witnessCommitmentOutputIndex } from './witness-commitment.ts';

const SIGNET_HEADER = Uint8Array.from([0xec, 0xc7, 0xda, 0xa2]);
const FLAGS = ScriptFlag.P2SH | ScriptFlag.WITNESS | ScriptFlag.DERSIG | ScriptFlag.NULLDUMMY;

interface Solution {
  readonly scriptSig: Uint8Array;
  readonly witness: readonly Uint8Array[];
}

/**
 * Extracts the solution from the script of a witness commitment: the first push that begins with the signet header. In
 * the `cleared` script, that push contains the header alone (BIP325; Core: FetchAndClearCommitmentSection).
 */
function extractSolution(script: Uint8Array): { solution: Uint8Array | undefined; cleared: Uint8Array } {
  const cleared = new ByteWriter(script.length);
  let solution: Uint8Array | undefined;
  const cursor = new ScriptCursor(script);
  while (cursor.next()) {
    const { opcode } = cursor;
    const data = opcode <= Op.OP_PUSHDATA4 ? cursor.data : undefined;
    if (!data || data.length === 0) {
      cleared.u8(opcode);
    } else if (!solution && data.length > 4 && equalBytes(data.subarray(0, 4), SIGNET_HEADER)) {
      solution = data.subarray(4);
      cleared.bytes(pushBytes(SIGNET_HEADER));
    } else {
      cleared.bytes(pushBytes(data));
    }
  }
  return { solution, cleared: solution ? cleared.finish() : script };
}

function decodeSolution(bytes: Uint8Array | undefined): Solution {
  // A trivial challenge, such as OP_TRUE, needs no solution.
  if (!bytes) return { scriptSig: new Uint8Array(0), witness: [] };
  const reader = new ByteReader(bytes);
  const solution = { scriptSig: reader.varBytes(), witness: reader.list((r) => r.varBytes()) };
  reader.end();
  return solution;
}

/**
 * Returns whether the solution in a block's coinbase satisfies the network's signet challenge (BIP325; Core:
 * CheckSignetBlockSolution). True for genesis and on other networks.
 */
export function checkSignetSolution(block: Block, params: ChainParams): boolean {
  const challenge = params.signetChallenge;
  if (!challenge || equalBytes(block.hash, params.genesis.hash)) return true;
  const coinbase = block.transactions[0];
  const position = coinbase ? witnessCommitmentOutputIndex(coinbase) : -1;
  if (!coinbase || position < 0) return false;

  const commitment = coinbase.outputs[position]!;
  const { solution, cleared } = extractSolution(commitment.scriptPubKey);
  let decoded: Solution;
  try {
    decoded = decodeSolution(solution);
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }

  const outputs = coinbase.outputs.with(position, { value: commitment.value, scriptPubKey: cleared });
  const unsigned = new Transaction({ ...fieldsOf(coinbase), outputs });
  const { root } = merkleRoot(block.transactions.map((tx, i) => (i === 0 ? unsigned.txid : tx.txid)));
  const message = new ByteWriter(72)
    .i32(block.header.version)
    .bytes(block.header.prevHash)
    .bytes(root)
    .u32(block.header.time)
    .finish();

  const spent: TxOut = { value: 0n, scriptPubKey: challenge };
  const toSpend = new Transaction({
    version: 0,
    inputs: [
      {
        prevout: nullOutPoint,
        scriptSig: concatBytes(Uint8Array.of(Op.OP_0), pushBytes(message)),
        sequence: 0,
        witness: [],
      },
    ],
    outputs: [spent],
    lockTime: 0,
  });
  const toSign = new Transaction({
    version: 0,
    inputs: [{ prevout: { txid: toSpend.txid, vout: 0 }, ...decoded, sequence: 0 }],
    outputs: [{ value: 0n, scriptPubKey: Uint8Array.of(Op.OP_RETURN) }],
    lockTime: 0,
  });
  return verifyInput(toSign, 0, new SighashCache(toSign, [spent]), FLAGS) === undefined;
}

function fieldsOf({ version, inputs, outputs, lockTime }: Transaction) {
  return { version, inputs, outputs, lockTime };
}
