import { binaryKey } from '../../../bytes/compare.ts';
import { DecodeError, type DecodeErrorCode } from '../../../bytes/errors.ts';
import { toHex, toReversedHex } from '../../../bytes/hex.ts';
import { ByteReader } from '../../../bytes/reader.ts';
import type { Chain } from '../../../chain/chain.ts';
import type { BlockIndex } from '../../../chain/tree/block-index.ts';
import { ProofError } from '../../../proofs/errors.ts';
import { MerkleBlock } from '../../../proofs/merkle-block.ts';
import type { MatchedLeaf } from '../../../proofs/partial-merkle-tree.ts';
import { arrayArgument, hashArgument, hashSchema, hexArgument, optional } from '../../arguments/arguments.ts';
import { findBlock, readBlock } from '../../arguments/find-block.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { type Method, method } from '../../method/method.ts';

export const transactionProofMethods: readonly Method[] = [
  method({
    name: 'gettxoutproof',
    category: 'Blockchain',
    description:
      'A proof that transactions are in one block: its header, and what of its merkle tree leads to them (BIP37). The\n' +
      'block is found by an unspent output of one of them; where they have none, name it.',
    arguments: [
      arrayArgument('txids', hashSchema('txid'), 'The transactions.', '["txid",...]'),
      optional(hashArgument('blockhash', 'The block to look in.')),
    ],
    result: 'hex',
    example: '\'["txid"]\'',
    handler: ({ node: { chain } }, txids, blockHash) => toHex(proofOf(chain, txids, blockHash).encode()),
  }),
  method({
    name: 'verifytxoutproof',
    category: 'Blockchain',
    description:
      'The transactions that a proof of gettxoutproof shows to be in a block of the best chain; none if it proves nothing.',
    arguments: [hexArgument('proof', 'The proof.')],
    result: '[txid, ...]',
    example: '"proof"',
    handler: ({ node: { chain } }, bytes) => provedBy(chain, readProof(bytes)).map(({ txid }) => toReversedHex(txid)),
  }),
];

function proofOf(chain: Chain, txids: readonly Uint8Array[], blockHash: Uint8Array | undefined): MerkleBlock {
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
  const block = readBlock(chain, blockHash ? findBlock(chain, blockHash) : blockOf(chain, txids));
  const matches = block.transactions.map((tx) => wanted.has(binaryKey(tx.txid)));
  if (matches.filter(Boolean).length !== wanted.size) {
    const message = 'Not all transactions found in specified or retrieved block';
    throw new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, message);
  }
  return MerkleBlock.of(block, matches);
}

/** The block of the first of the transactions that has an unspent output. */
function blockOf(chain: Chain, txids: readonly Uint8Array[]): BlockIndex {
  for (const txid of txids) {
    const coin = chain.getCoinOf(txid);
    if (coin) return chain.atHeight(coin.height)!;
  }
  throw new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, 'Transaction not yet in block');
}

/** What Core says of bytes that end too early or make no sense. */
const decodeMessages: Partial<Record<DecodeErrorCode, string>> = {
  truncated: 'DataStream::read(): end of data: iostream error',
  oversized: 'ReadCompactSize(): size too large: iostream error',
  'non-canonical': 'non-canonical ReadCompactSize(): iostream error',
};

/** Like Core, does not mind what follows the proof. */
function readProof(bytes: Uint8Array): MerkleBlock {
  if (bytes.length === 0) {
    throw new RpcError(RpcCode.INVALID_PARAMETER, "proof must be hexadecimal string (not '')");
  }
  try {
    return MerkleBlock.read(new ByteReader(bytes));
  } catch (error) {
    const message = error instanceof DecodeError ? decodeMessages[error.code] : undefined;
    if (message === undefined) throw error;
    throw new RpcError(RpcCode.MISC_ERROR, message);
  }
}

function provedBy(chain: Chain, merkleBlock: MerkleBlock): readonly MatchedLeaf[] {
  const matches = matchesOf(merkleBlock);
  if (!matches) return [];
  const index = chain.getIndex(merkleBlock.header.hash);
  if (!index || !chain.contains(index)) {
    throw new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, 'Block not found in chain');
  }
  // With another number of transactions the tree is deeper or flatter than the block's, and its leaves are none.
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
