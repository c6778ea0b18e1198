import { fromReversedHex } from '../bytes/hex.ts';
import { type ChainParams, difficultyInterval } from '../consensus/params.ts';
import {
  CENTRAL_NODE_ID,
  DEFAULT_NETWORK,
  LOOPBACK,
  type NodeConfig,
  nodeConfig,
  parseNodeAddress,
  UsageError,
} from '../node/config.ts';
import { findNetwork } from '../node/networks.ts';
import { type FinderProgress, findPayment, type PaymentSearchScope } from '../node/payment-finder.ts';
import type { Endpoint } from '../p2p/net/endpoint.ts';
import { systemClock, unixSeconds } from '../platform/clock.ts';
import { HEADER_SIZE } from '../primitives/header.ts';
import { decodeAddress } from '../script/address.ts';
import type { Checkpoint } from '../spv/verify/proof-chain.ts';
import {
  type ProofJson,
  proofFromJson,
  proofToJson,
  type SelfContainedProof,
  selfContained,
  verifySelfContained,
} from '../spv/verify/proof-file.ts';
import type { PaymentVerdict } from '../spv/verify/verify-payment.ts';
import { heldProof } from './held-proof.ts';

/** Options that name the network and the nodes of a verification. */
export interface VerifyInput {
  readonly nodeId?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly rpc?: { readonly host: string | undefined } | undefined;
  readonly network?: string | undefined;
  /** Nodes to query, as `HOST:PORT` or a port; default: the network's seeds, or else the central node. */
  readonly nodes?: readonly string[] | undefined;
}

/** The network rules and the nodes of a verification. */
export interface VerifyConfig {
  readonly params: ChainParams;
  /** Nodes to query. */
  readonly nodes: readonly Endpoint[];
  /** The node that NODE_ID names, queried first; absent if other nodes are given. */
  readonly own?: NodeConfig;
}

/** Resolves options and environment. Unlike in other commands, NODE_ID is optional. Throws `UsageError`. */
export function verifyConfig(input: VerifyInput, env: NodeJS.ProcessEnv = process.env): VerifyConfig {
  const hasNode = (input.nodeId ?? env.NODE_ID ?? '') !== '';
  const own = hasNode ? nodeConfig(input, env) : undefined;
  const params = own?.params ?? findNetwork(input.network ?? env.PIER_NETWORK ?? DEFAULT_NETWORK).params;
  const usual = params.seeds.length > 0 ? params.seeds : [`${LOOPBACK}:${CENTRAL_NODE_ID}`];
  return {
    params,
    nodes: (input.nodes ?? usual).map((node) => parseNodeAddress(node, '--node')),
    ...(own && !input.nodes && { own }),
  };
}

/** What is known about the transaction to verify. */
export interface VerifyOptions {
  /** Hash or height of the block that contains the transaction. */
  readonly block?: string | undefined;
  /** An address that the transaction pays to or spends from. */
  readonly address?: string | undefined;
  /** `HEIGHT:HASH` of a trusted block of the chain. */
  readonly checkpoint?: string | undefined;
  /** Called while a proof is searched for. */
  readonly progress?: (progress: FinderProgress) => void;
}

/** The result of a verification. */
export interface Verification {
  readonly verdict: PaymentVerdict;
  readonly proof: SelfContainedProof;
  /** Origin of the proof, for display. */
  readonly source: string;
}

/**
 * Fetches a proof of a transaction, from the node that NODE_ID names if it is a light node with a proof, otherwise from
 * the configured nodes, and verifies it. Throws `UsageError`, `AddressError`, and whatever `findPayment` throws.
 *
 * @example
 * ```ts
 * import { verifyConfig, verifyTransaction } from 'pier';
 *
 * const txid = 'b722ad942073144a4f7e71c4a857042a274e6c6c2331168af0b5996abbe5fa8d';
 * const config = verifyConfig({ network: 'regtest', nodes: ['127.0.0.1:3000'] });
 * const { verdict } = await verifyTransaction(config, txid, { block: '108' });
 * console.log(verdict.verified ? `${verdict.confirmations} confirmations` : verdict.flaw);
 * ```
 */
export async function verifyTransaction(
  config: VerifyConfig,
  txidText: string,
  options: VerifyOptions = {},
): Promise<Verification> {
  const { params, nodes, own } = config;
  const txid = parseHash('TXID', txidText, 'transaction id');
  const verifying = { ...verifyingOptions(options), txid };
  const scope = searchScope(params, options);
  const held = own && (await heldProof(own, txidText.toLowerCase()));
  if (held) {
    const verdict = verifySelfContained(params, held, verifying);
    return { verdict, proof: held, source: `light node ${own.nodeId}` };
  }
  const { progress } = options;
  const found = await findPayment({ ...{ params, txid, nodes, scope }, ...(progress && { progress }) });
  const proof = selfContained(found.chain, found.claim);
  return { verdict: verifySelfContained(params, proof, verifying), proof, source: found.sources.join(', ') };
}

/** Verifies an exported proof offline. Throws `UsageError`, and `PierError` 'bad-proof'. */
export function verifyProof(
  config: VerifyConfig,
  text: string,
  options: Pick<VerifyOptions, 'checkpoint'> & { readonly txid?: string | undefined; readonly source: string },
): Verification {
  const proof = proofFromJson(text);
  const txid = options.txid === undefined ? {} : { txid: parseHash('TXID', options.txid, 'transaction id') };
  const verdict = verifySelfContained(config.params, proof, { ...verifyingOptions(options), ...txid });
  return { verdict, proof, source: options.source };
}

/**
 * Exports a proof as JSON. With `headersFrom`, earlier headers are omitted;
 * verifying it then needs a checkpoint. Throws `UsageError`.
 */
export function exportProof(config: VerifyConfig, proof: SelfContainedProof, headersFrom = '0'): ProofJson {
  const interval = difficultyInterval(config.params);
  const from = Number(headersFrom);
  const { headers, claim } = proof;
  if (!/^\d{1,9}$/.test(headersFrom) || from % interval !== 0 || from > claim.height) {
    throw new UsageError(
      'bad-height',
      `--headers-from '${headersFrom}' is not a height at which the headers can start`,
      {
        hint: `Give a multiple of ${interval}, the length of a difficulty period, up to the block's height ${claim.height}.`,
      },
    );
  }
  const bytes = headers.bytes.subarray(HEADER_SIZE * Math.max(0, from - headers.from));
  return proofToJson({ ...proof, headers: { from: Math.max(from, headers.from), bytes } });
}

function verifyingOptions({ checkpoint }: Pick<VerifyOptions, 'checkpoint'>): {
  nowSeconds: number;
  checkpoint?: Checkpoint;
} {
  const nowSeconds = unixSeconds(systemClock);
  return checkpoint === undefined ? { nowSeconds } : { nowSeconds, checkpoint: parseCheckpoint(checkpoint) };
}

function searchScope(params: ChainParams, { block, address }: VerifyOptions): PaymentSearchScope {
  const scripts = address === undefined ? {} : { scripts: [decodeAddress(address, params.address)] };
  if (block === undefined) return scripts;
  return {
    ...scripts,
    block: /^\d{1,9}$/.test(block) ? Number(block) : parseHash('--block', block, 'block hash or height'),
  };
}

function parseCheckpoint(text: string): Checkpoint {
  const [, height, hash] = /^(\d{1,9}):([0-9a-fA-F]{64})$/.exec(text) ?? [];
  if (hash === undefined) {
    throw new UsageError('bad-checkpoint', `--checkpoint '${text}' is not of the form HEIGHT:HASH`, {
      hint: 'A hash has 64 hex digits.',
    });
  }
  return { height: Number(height), hash: fromReversedHex(hash) };
}

function parseHash(option: string, text: string, what: string): Uint8Array {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return fromReversedHex(text);
  throw new UsageError('bad-hash', `${option} '${text}' is not a ${what}`, { hint: 'A hash has 64 hex digits.' });
}
