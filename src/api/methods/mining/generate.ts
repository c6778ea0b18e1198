import { z } from 'zod';
import { fromReversedHex, toReversedHex } from '../../../bytes/hex.ts';
import type { Transaction } from '../../../primitives/transaction.ts';
import { addressScript } from '../../arguments/address.ts';
import { arrayArgument, booleanArgument, integerArgument, optional, textArgument } from '../../arguments/arguments.ts';
import { transactionFromHex } from '../../arguments/decode.ts';
import { outputScript } from '../../arguments/output-script.ts';
import { hexJson } from '../../format/large-json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { type Method, method, type RpcContext } from '../../method/method.ts';
import { blockRejected } from '../../method/reject.ts';

/** Hashes that the generate methods try per block (Core: DEFAULT_MAX_TRIES). */
const DEFAULT_MAX_TRIES = 1_000_000;
/** Methods that generate blocks. */
export const generateMethods: readonly Method[] = [
  method({
    name: 'generatetoaddress',
    category: 'Generating',
    description: 'Mines blocks to an address and returns the block hashes.',
    arguments: [
      integerArgument('nblocks', 'The number of blocks to generate.'),
      textArgument('address', 'The address to send the newly generated bitcoin to.'),
      optional(integerArgument('maxtries', 'The number of hashes to try per block.'), DEFAULT_MAX_TRIES),
    ],
    result: '["blockhash", ...]',
    example: '11 "address"',
    handler: async ({ node: { miner, params } }, count, address, maxTries) => {
      const scriptPubKey = addressScript(address, params.address, 'Error: Invalid address');
      if (count <= 0) return [];
      const hashes = await miner.generate(count, scriptPubKey, maxTries).catch((error: unknown) => {
        throw blockRejected(error);
      });
      return hashes.map(toReversedHex);
    },
  }),
  method({
    name: 'generateblock',
    category: 'Generating',
    description: 'Mines a block of an ordered list of transactions to an address and returns the block hash.',
    arguments: [
      textArgument('output', 'The address or descriptor to send the newly generated bitcoin to.'),
      arrayArgument(
        'transactions',
        z.string(),
        'Txids of transactions in the mempool, or raw transactions as hex, in valid order.',
        '["rawtx/txid",...]',
      ),
      optional(booleanArgument('submit', 'Whether to submit the block, or only return it as hex.'), true),
    ],
    result: '{ "hash": hash, "hex": hex (only if not submitted) }',
    example: '"address" \'["rawtx","mempool_txid"]\'',
    handler: async (context, output, transactions, submit) => {
      const { miner, params } = context.node;
      const scriptPubKey = outputScript(output, params.address);
      const txs: Transaction[] = [];
      for (const text of transactions) {
        const pause = context.call.step();
        if (pause) await pause;
        txs.push(resolveTransaction(context, text));
      }
      const block = await miner.generateBlock(txs, scriptPubKey, { submit }).catch((error: unknown) => {
        throw blockRejected(error);
      });
      return { hash: block.hashHex, hex: submit ? undefined : hexJson(block.encode()) };
    },
  }),
];

/** Resolves a transaction given as hex or as the txid of one in the mempool. */
function resolveTransaction({ node: { mempool } }: RpcContext, text: string): Transaction {
  if (/^[0-9a-fA-F]{64}$/.test(text)) {
    const entry = mempool.get(fromReversedHex(text));
    if (!entry) throw new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, `Transaction ${text} not in mempool.`);
    return entry.tx;
  }
  const tx = transactionFromHex(text);
  if (!tx) {
    const message = `Transaction decode failed for ${text}. Make sure the tx has at least one input.`;
    throw new RpcError(RpcCode.DESERIALIZATION_ERROR, message);
  }
  return tx;
}
