import { toHex } from '../../bytes/hex.ts';
import type { BlockIndex } from '../../chain/tree/block-index.ts';
import { isActiveAfter, isBuried } from '../../consensus/deployments.ts';
import { MAX_BLOCK_SIGOPS_COST, MAX_BLOCK_WEIGHT } from '../../consensus/limits.ts';
import { type ChainParams, deploymentNames } from '../../consensus/params.ts';
import { deploymentState } from '../../consensus/versionbits.ts';
import { witnessCommitmentOutputIndex } from '../../consensus/witness-commitment.ts';
import type { BlockTemplate } from '../../mining/block-template.ts';
import { WITNESS_SCALE_FACTOR } from '../../primitives/transaction.ts';
import { JsonList, type JsonObject } from '../json/json.ts';
import { hex32, hex256 } from './block-json.ts';
import { hexJson } from './large-json.ts';

/** Returns a template for the block after `prev` as in getblocktemplate (BIP22, BIP23, BIP9, BIP145). */
export function templateJson(
  template: BlockTemplate,
  prev: BlockIndex,
  params: ChainParams,
  longPollId: string,
): JsonObject {
  const { block, height, coinbaseValue, target, minTime } = template;
  const { version, time, bits } = block.header;
  const coinbase = block.transactions[0]!;
  const hasSegwit = isActiveAfter('segwit', prev, params);
  const scale = hasSegwit ? 1 : WITNESS_SCALE_FACTOR;
  const commitment = coinbase.outputs[witnessCommitmentOutputIndex(coinbase)];
  return {
    capabilities: ['proposal'],
    version,
    rules: [
      'csv',
      ...(hasSegwit ? ['!segwit'] : []),
      ...(params.signetChallenge ? ['!signet'] : []),
      ...active(prev, params),
    ],
    vbavailable: available(prev, params),
    vbrequired: 0,
    previousblockhash: prev.hashHex,
    transactions: new JsonList(transactionsJson(template, scale)),
    coinbaseaux: {},
    coinbasevalue: Number(coinbaseValue),
    longpollid: longPollId,
    target: hex256(target),
    mintime: minTime,
    mutable: ['time', 'transactions', 'prevblock'],
    noncerange: '00000000ffffffff',
    sigoplimit: MAX_BLOCK_SIGOPS_COST / scale,
    sizelimit: MAX_BLOCK_WEIGHT / scale,
    weightlimit: hasSegwit ? MAX_BLOCK_WEIGHT : undefined,
    curtime: time,
    bits: hex32(bits),
    height,
    signet_challenge: params.signetChallenge && toHex(params.signetChallenge),
    default_witness_commitment: commitment && toHex(commitment.scriptPubKey),
  };
}

/** Lists the transactions without the coinbase; `depends` holds 1-based positions in this list. */
function* transactionsJson({ block, fees, sigOpCosts }: BlockTemplate, scale: number): Generator<JsonObject> {
  const places = new Map<string, number>();
  for (const [i, tx] of block.transactions.slice(1).entries()) {
    const depends = new Set<number>();
    for (const { prevout } of tx.inputs) {
      const place = places.get(toHex(prevout.txid));
      if (place !== undefined) depends.add(place);
    }
    places.set(toHex(tx.txid), i + 1);
    yield {
      data: hexJson(tx.encode()),
      txid: tx.txidHex,
      hash: tx.wtxidHex,
      depends: [...depends],
      fee: Number(fees[i]),
      sigops: Math.floor(sigOpCosts[i]! / scale),
      weight: tx.weight,
    };
  }
}

/** Returns the active BIP9 deployments, except csv and segwit, which the template lists itself. */
function active(prev: BlockIndex, params: ChainParams): string[] {
  return deploymentNames.filter((name) => {
    const deployment = params.deployments[name];
    const isListed = name === 'csv' || name === 'segwit';
    return !isListed && !isBuried(deployment) && deploymentState(deployment, prev) === 'active';
  });
}

/** Returns the version bits of the deployments that can be signalled for. */
function available(prev: BlockIndex, params: ChainParams): Record<string, number> {
  const bits: Record<string, number> = {};
  for (const name of deploymentNames) {
    const deployment = params.deployments[name];
    if (isBuried(deployment)) continue;
    const state = deploymentState(deployment, prev);
    if (state === 'started' || state === 'locked_in') bits[name] = deployment.bit;
  }
  return bits;
}
