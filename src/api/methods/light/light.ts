import { toHex, toReversedHex } from '../../../bytes/hex.ts';
import type { HeaderChain } from '../../../spv/header-chain.ts';
import type { LightNodeProcessor } from '../../../spv/light-node-processor.ts';
import type { PaymentProof } from '../../../spv/payment-proof.ts';
import type { ProofStore } from '../../../spv/proof-store.ts';
import { proofToJson } from '../../../spv/verify/proof-file.ts';
import { ownProof } from '../../../wallet/light/own-proof.ts';
import type { WalletFile } from '../../../wallet/wallet-file.ts';
import { hashArgument } from '../../arguments/arguments.ts';
import { hex256, targetJson } from '../../format/block-json.ts';
import type { JsonObject } from '../../json/json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { type Method, method } from '../../method/method.ts';
import type { AnyRpcNode } from '../../method/rpc-node.ts';

/** The parts of a light node that RPC methods use. */
export interface LightRpcNode extends AnyRpcNode {
  readonly chain: HeaderChain;
  readonly proofs: ProofStore;
  /** @internal */
  readonly processor: LightNodeProcessor;
  readonly wallets: WalletFile;
}

/** Methods that a full node does not have, or implements differently. */
export const ownLightMethods: readonly Method<LightRpcNode>[] = [
  method({
    name: 'getblockchaininfo',
    category: 'Blockchain',
    description: 'Returns the state of the header chain. "blocks" is the height up to which the wallets are synced.',
    arguments: [],
    result:
      '{ "chain": name, "blocks": n, "headers": n, "bestblockhash": hash, "bits": hex, "target": hex, "difficulty": n,\n' +
      '  "time": unixtime, "mediantime": unixtime, "verificationprogress": 0..1, "initialblockdownload": bool,\n' +
      '  "chainwork": hex, "size_on_disk": bytes, "pruned": true, "light": true, "warnings": [] }',
    handler: async ({ node: { chain, params, files, processor: light } }) => {
      const { tip } = chain;
      const { height } = light.scanner.scanned;
      return {
        chain: params.network,
        blocks: height,
        headers: tip.height,
        bestblockhash: tip.hashHex,
        ...targetJson(tip.bits),
        time: tip.time,
        mediantime: tip.medianTimePast(),
        verificationprogress: tip.height > 0 ? height / tip.height : 1,
        initialblockdownload: chain.isInitialBlockDownload,
        chainwork: hex256(tip.chainwork),
        size_on_disk: (await files?.chainSize()) ?? 0,
        pruned: true,
        light: true,
        warnings: [],
      };
    },
  }),
  method({
    name: 'getlightinfo',
    category: 'Blockchain',
    description:
      'Returns the sync state of a light node, what it has downloaded, and the payments whose proofs were withdrawn in a\n' +
      'reorganisation. Not in Bitcoin Core.',
    arguments: [],
    result:
      '{ "headers": n, "filterheaders": n, "scanned": n, "filterpeers": n, "tipage": seconds, "filters": n,\n' +
      '  "merkleblocks": n, "blocks": n, "falsepositives": n, "bytesreceived": n, "bytessent": n,\n' +
      '  "withdrawn": [{ the fields of getpaymentproof }, ...] }',
    handler: ({ node: { chain, processor: light, proofs, connections: peers, clock } }) => {
      const { filters, merkleBlocks = 0, blocks, falsePositives } = light.scanner.counts;
      const { received, sent } = peers.totalBytes;
      return {
        headers: chain.tip.height,
        filterheaders: chain.filterHeight,
        scanned: light.scanner.scanned.height,
        filterpeers: light.scanner.filterPeers,
        tipage: Math.max(0, Math.floor(clock.now() / 1000) - chain.tip.time),
        filters,
        merkleblocks: merkleBlocks,
        blocks,
        falsepositives: falsePositives,
        bytesreceived: received,
        bytessent: sent,
        withdrawn: proofs.withdrawn().map(([txid, proof]) => proofJson(txid, proof)),
      };
    },
  }),
  method({
    name: 'getpaymentproof',
    category: 'Blockchain',
    description:
      'Returns the proof that a block of the active chain contains a wallet transaction. Not in Bitcoin Core.',
    arguments: [hashArgument('txid', 'The transaction id.')],
    result:
      '{ "txid": hash, "blockhash": hash, "height": n, "position": n, "branch": [hash, ...],\n' +
      '  "coinbase": { "hex": hex, "branch": [hash, ...] } }',
    example: '"txid"',
    handler: ({ node: { proofs } }, txid) => {
      const hex = toReversedHex(txid);
      const proof = proofs.get(hex);
      if (!proof) throw new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, 'No payment proof for this transaction');
      return proofJson(hex, proof);
    },
  }),
  method({
    name: 'exportpaymentproof',
    category: 'Blockchain',
    description:
      'Returns a self-contained proof of a wallet transaction, with all headers, which `pier verify --proof` and web pages\n' +
      'verify offline. Not in Bitcoin Core.',
    arguments: [hashArgument('txid', 'The transaction id.')],
    result:
      '{ "format": "pier-payment-proof", "version": 1, "network": name, "genesis": hash, "transaction": hex, "height": n,\n' +
      '  "position": n, "branch": [hash, ...], "coinbase": { "transaction": hex, "branch": [hash, ...] },\n' +
      '  "headers": { "from": n, "hex": hex } }',
    example: '"txid"',
    handler: ({ node }, txid) => {
      const proof = ownProof(node, toReversedHex(txid));
      if (!proof) throw new RpcError(RpcCode.INVALID_ADDRESS_OR_KEY, 'No payment proof for this transaction');
      return proofToJson(proof);
    },
  }),
];

function proofJson(txid: string, { blockHash, height, proof, coinbase }: PaymentProof): JsonObject {
  return {
    txid,
    blockhash: toReversedHex(blockHash),
    height,
    position: proof.position,
    branch: proof.branch.map(toReversedHex),
    coinbase: coinbase && {
      hex: toHex(coinbase.transaction.encodeStripped()),
      branch: coinbase.proof.branch.map(toReversedHex),
    },
  };
}
