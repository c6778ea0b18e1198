import type { MinerEvents } from '../../../mining/miner.ts';
import type { JsonObject } from '../../json/json.ts';
import { type Method, method } from '../../method/method.ts';

/** Pier's own: the miner inside the node. */
export const minerMethods: readonly Method[] = [
  method({
    name: 'getminerinfo',
    category: 'Mining',
    description: "What the node's own miner does, and the last block that it made since the node was started.",
    arguments: [],
    result:
      '{ "running": bool, "address": text, "mineattxs": n, "hashrate": n, "lastblock": { "hash": hash, "height": n,\n' +
      '  "nonce": n, "hashes": n, "seconds": n, "hashrate": n, "transactions": n } }',
    handler: ({ node: { miner, config } }) => {
      const last = miner.lastMined;
      return {
        running: miner.running,
        address: config.minerAddress,
        mineattxs: config.mineAtTxs,
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
