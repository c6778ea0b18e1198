import { binaryKey } from '../../../bytes/compare.ts';
import { DecodeError, type DecodeErrorCode } from '../../../bytes/errors.ts';
import { toReversedHex } from '../../../bytes/hex.ts';
import { ByteReader } from '../../../bytes/reader.ts';
import type { Chain } from '../../../chain/chain.ts';
import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import { HEADER_SIZE } from '../../../primitives/header.ts';
import { ProofError } from '../../../proofs/errors.ts';
import { MerkleBlock } from '../../../proofs/merkle-block.ts';
import { MAX_BLOCK_TRANSACTIONS } from '../../../proofs/merkle-tree.ts';
import type { MatchedLeaf } from '../../../proofs/partial-merkle-tree.ts';
import { arrayArgument, hashArgument, hashSchema, hexArgument, optional } from '../../arguments/arguments.ts';
import { findBlock, readBlock } from '../../arguments/find-block.ts';
import { hexJson } from '../../format/large-json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import type { Step } from '../../json/step.ts';
import { type Method, method } from '../../method/method.ts';

/** Methods for merkle proofs of transactions. */
export const transactionProofMethods: readonly Method[] = [
  method({
    name: 'gettxoutproof',
    category: 'Blockchain',
    description:
      'Returns a proof that a block contains transactions: its header and a partial merkle tree (BIP37). Without blockhash,\n' +
      'the block is found by an unspent output of one of the transactions.',
    arguments: [
      arrayArgument('txids', hashSchema('txid'), 'The transaction ids.', '["txid",...]'),
      optional(hashArgument('blockhash', 'The hash of the block that contains the transactions.')),
    ],
    result: 'hex',
    example: '\'["txid"]\'',
    handler: async ({ node: { chain }, call }, txids, blockHash) =>
      hexJson((await buildProof(chain, txids, blockHash, call.step)).encode()),
  }),
  method({
    name: 'verifytxoutproof',
    category: 'Blockchain',
    description:
      'Verifies a proof of gettxoutproof. Returns the txids that it proves, none if it is invalid, and fails if its block is\n' +
      'not in the active chain.',
    arguments: [hexArgument('proof', 'The hex-encoded proof.')],
    result: '[txid, ...]',
    example: '"proof"',
    handler: ({ node: { chain } }, bytes) =>
      provedTransactions(chain, decodeProof(bytes)).map(({ txid }) => toReversedHex(txid)),
  }),
];

async function buildProof(
  chain: Chain,
  txids: readonly Uint8Array[],
  blockHash: Uint8Array | undefined,
  step: Step,
): Promise<MerkleBlock> {
  if (txids.length === 0) throw new RpcError(RpcCode.INVALID_PARAMETER, "Parameter 'txids' cannot be empty");
  const wanted = new Set<string>();
  for (const txid of txids) {
    const key = binaryKey(txid);
    if (wanted.has(key)) {
      const message = `Invalid parameter, duplicated txid: ${toReversedHex(txid)}`;
      throw new RpcError(RpcCode.INVALID_PARAMETER, message);
    }
    wanted.add(key);
  }
  const index = blockHash ? findBlock(chain, blockHash) : await findBlockOf(chain, txids, step);
  const block = await readBlock(chain, index, step);
  const matches: boolean[] = [];
  for (const tx of block.transactions) {
    const pause = step();
    if (pause) await pause;
    matches.push(wanted.has(binaryKey(tx.txid)));
  }
  if (matches.filter(Boolean).length !== wanted.size) {
    const message = 'Not all transactions found in specified or retrieved block';
    throw new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, message);
  }
  return MerkleBlock.of(block, matches);
}

/** Finds the block of the first transaction that has an unspent output. */
async function findBlockOf(chain: Chain, txids: readonly Uint8Array[], step: Step): Promise<BlockIndex> {
  for (const txid of txids) {
    const pause = step();
    if (pause) await pause;
    const coin = chain.getCoinByTxid(txid);
    if (coin) return chain.atHeight(coin.height)!;
  }
  throw new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, 'Transaction not yet in block');
}

/** Core's messages for malformed bytes, which are those of its stream exceptions. */
const decodeMessages: Partial<Record<DecodeErrorCode, string>> = {
  truncated: 'DataStream::read(): end of data: iostream error',
  oversized: 'ReadCompactSize(): size too large: iostream error',
  'non-canonical': 'non-canonical ReadCompactSize(): iostream error',
};

/** Decodes a proof; undefined if it has more hashes than a block can have. Trailing bytes are ignored, as in Core. */
function decodeProof(bytes: Uint8Array): MerkleBlock | undefined {
  if (bytes.length === 0) {
    throw new RpcError(RpcCode.INVALID_PARAMETER, "proof must be hexadecimal string (not '')");
  }
  try {
    const counts = new ByteReader(bytes, HEADER_SIZE);
    counts.u32();
    const hashes = counts.compactSize();
    if (hashes <= MAX_BLOCK_TRANSACTIONS) return MerkleBlock.read(new ByteReader(bytes));
    counts.bytes(32 * hashes);
    counts.varBytes();
    return undefined;
  } catch (error) {
    const message = error instanceof DecodeError ? decodeMessages[error.code] : undefined;
    if (message === undefined) throw error;
    throw new RpcError(RpcCode.MISC_ERROR, message);
  }
}

/** Returns the transactions that a proof proves; none if it is invalid. Throws `RpcError` off the active chain. */
function provedTransactions(chain: Chain, merkleBlock: MerkleBlock | undefined): readonly MatchedLeaf[] {
  if (!merkleBlock) return [];
  const matches = matchesOf(merkleBlock);
  if (!matches) return [];
  const index = chain.getIndex(merkleBlock.header.hash);
  if (!index || !chain.contains(index)) {
    throw new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, 'Block not found in chain');
  }
  // A wrong transaction count changes the depth of the tree: its leaves could be inner nodes of the block's tree.
  return index.txCount === merkleBlock.tree.transactionCount ? matches : [];
}

function matchesOf(merkleBlock: MerkleBlock): readonly MatchedLeaf[] | undefined {
  try {
    return merkleBlock.extract().matches;
  } catch (error) {
    if (error instanceof ProofError) return undefined;
    throw error;
  }
}
