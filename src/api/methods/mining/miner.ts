import type { MinerEvents } from '../../../mining/miner.ts';
import type { JsonObject } from '../../json/json.ts';
import { type Method, method } from '../../method/method.ts';

/** Methods for the miner inside the node; not in Bitcoin Core. */
export const minerMethods: readonly Method[] = [
  method({
    name: 'getminerinfo',
    category: 'Mining',
    description:
      "Returns the state of the node's own miner, and the last block that it mined since startup. Not in Bitcoin Core.",
    arguments: [],
    result:
      '{ "running": bool, "address": text, "mineattxs": n, "hashrate": n, "lastblock": { "hash": hash, "height": n,\n' +
      '  "nonce": n, "hashes": n, "seconds": n, "hashrate": n, "transactions": n } }',
    handler: ({ node: { miner, config } }) => {
      const last = miner.lastMined;
      return {
        running: miner.running,
        address: config.mining.address,
        mineattxs: config.mining.mineAtTxs,
        hashrate: miner.hashRate,
        lastblock: last && minedJson(last),
      };
    },
  }),
];

function minedJson({ index, block, proof }: MinerEvents['mined']): JsonObject {
  return {
    hash: index.hashHex,
    height: index.height,
    nonce: proof.nonce,
    hashes: proof.hashes,
    seconds: proof.seconds,
    hashrate: proof.hashRate,
    transactions: block.transactions.length,
  };
}
