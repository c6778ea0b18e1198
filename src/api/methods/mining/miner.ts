import { toHex } from '../../../bytes/hex.ts';
import type { MinerEvents, MinerSearch } from '../../../mining/miner.ts';
import { BlockHeader } from '../../../primitives/header.ts';
import { booleanArgument } from '../../arguments/arguments.ts';
import type { JsonObject } from '../../json/json.ts';
import { type Method, method } from '../../method/method.ts';

/** Methods for the miner inside the node; not in Bitcoin Core. */
export const minerMethods: readonly Method[] = [
  method({
    name: 'getminerinfo',
    category: 'Mining',
    description:
      "Returns the state of the node's own miner, its search, and the last block that it mined since startup. Not in Bitcoin Core.",
    arguments: [],
    result:
      '{ "running": bool, "address": text, "mineattxs": n, "hashrate": n, "lastblock": { "hash": hash, "height": n,\n' +
      '  "nonce": n, "hashes": n, "seconds": n, "hashrate": n, "transactions": n },\n' +
      '  "search": { "height": n, "header": hex, "nonce": n, "hashes": n, "seconds": n } }',
    handler: ({ node: { miner, config } }) => {
      const last = miner.lastMined;
      return {
        running: miner.running,
        address: config.mining.address,
        mineattxs: config.mining.mineAtTxs,
        hashrate: miner.hashRate,
        lastblock: last && minedJson(last),
        search: miner.search && searchJson(miner.search),
      };
    },
  }),

  method({
    name: 'setgenerate',
    category: 'Mining',
    description:
      "Starts or stops the node's own miner. It is started with the node if that has a miner address. In Bitcoin Core until\n" +
      'version 0.12.',
    arguments: [booleanArgument('generate', 'true to start the miner, false to stop it.')],
    result: 'null',
    example: 'false',
    handler: async ({ node: { miner } }, generate) => {
      if (generate) miner.start();
      else await miner.stop();
      return null;
    },
  }),
];

function searchJson({ height, header, hashes, seconds }: MinerSearch): JsonObject {
  const nonce = Math.min(header.nonce + hashes, 0xffff_ffff);
  const { version, prevHash, merkleRoot, time, bits } = header;
  const searched = new BlockHeader({ version, prevHash, merkleRoot, time, bits, nonce });
  return { height, header: toHex(searched.encode()), nonce, hashes, seconds };
}

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
