import { existsSync } from 'node:fs';
import { RpcClient } from '../api/client/rpc-client.ts';
import { RpcCode, RpcError } from '../api/json/rpc-error.ts';
import { fromReversedHex } from '../bytes/hex.ts';
import { type ChainParams, difficultyInterval } from '../consensus/params.ts';
import {
  CENTRAL_NODE_ID,
  DEFAULT_NETWORK,
  LOOPBACK,
  type NodeConfig,
  nodeConfig,
  nodePaths,
  parseNodeAddress,
  UsageError,
} from '../node/config.ts';
import { findNetwork } from '../node/networks.ts';
import { type FinderProgress, findPayment, type WhereToLook } from '../node/payment-finder.ts';
import type { Endpoint } from '../p2p/net/endpoint.ts';
import { systemClock, unixSeconds } from '../platform/clock.ts';
import { PierError } from '../platform/errors.ts';
import { silentLogger } from '../platform/logger.ts';
import { systemRandom } from '../platform/random.ts';
import { HEADER_SIZE } from '../primitives/header.ts';
import { decodeAddress } from '../script/address.ts';
import { HeaderChain } from '../spv/header-chain.ts';
import { ProofStore } from '../spv/proof-store.ts';
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
import { StoreError } from '../store/errors.ts';
import { LmdbStore } from '../store/lmdb-store.ts';
import { ownProof } from '../wallet/own-proof.ts';
import { WalletFile } from '../wallet/wallet-file.ts';

export interface VerifyInput {
  readonly nodeId?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly network?: string | undefined;
  /** Whom to ask, as `HOST:PORT` or a port; default: the network's seeds, or else the central node. */
  readonly nodes?: readonly string[] | undefined;
}

/** Where a verifier stands: by which rules, and whom it may ask. */
export interface VerifyConfig {
  readonly params: ChainParams;
  readonly nodes: readonly Endpoint[];
  /** The node that NODE_ID names, if it names one and nobody else is to be asked. */
  readonly own?: NodeConfig;
}

/** Resolves options and environment; unlike for other commands, there need not be a node. Throws `UsageError`. */
export function verifyConfig(input: VerifyInput, env: NodeJS.ProcessEnv = process.env): VerifyConfig {
  const hasNode = (input.nodeId ?? env.NODE_ID ?? '') !== '';
  const own = hasNode ? nodeConfig(input, env) : undefined;
  const params = own?.params ?? findNetwork(input.network ?? env.PIER_NETWORK ?? DEFAULT_NETWORK).params;
  const usual = params.seeds.length > 0 ? params.seeds : [`${LOOPBACK}:${CENTRAL_NODE_ID}`];
  return { params, nodes: (input.nodes ?? usual).map(parseNodeAddress), ...(own && !input.nodes && { own }) };
}

export interface VerifyOptions {
  /** Hash of the block that holds the transaction, or its height. */
  readonly block?: string | undefined;
  /** An address that the transaction pays to or spends from. */
  readonly address?: string | undefined;
  /** `HEIGHT:HASH` of a block that is known to be of the chain. */
  readonly checkpoint?: string | undefined;
  readonly progress?: (progress: FinderProgress) => void;
}

export interface Verification {
  readonly verdict: PaymentVerdict;
  readonly proof: SelfContainedProof;
  /** Where the proof is from, for people. */
  readonly source: string;
}

/**
 * Gets a proof of a transaction, from the light node that is named if it has one and from others otherwise, and verifies
 * it. Throws `UsageError`, `AddressError`, and what `findPayment` throws.
 */
export async function verifyTransaction(
  config: VerifyConfig,
  txidText: string,
  options: VerifyOptions = {},
): Promise<Verification> {
  const { params, nodes, own } = config;
  const txid = parseHash(txidText, 'transaction id');
  const verifying = { ...verifier(options), txid };
  const where = whereToLook(params, options);
  const held = own && (await heldProof(own, txidText.toLowerCase()));
  if (held) {
    const verdict = verifySelfContained(params, held, verifying);
    return { verdict, proof: held, source: `light node ${own.nodeId}` };
  }
  const { progress } = options;
  const found = await findPayment({ ...{ params, txid, nodes, where }, ...(progress && { progress }) });
  const proof = selfContained(found.chain, found.claim);
  return { verdict: verifySelfContained(params, proof, verifying), proof, source: found.asked.join(', ') };
}

/** Verifies a proof that `verifyTransaction` has made, asking nobody. Throws `UsageError`, and `PierError` 'bad-proof'. */
export function verifyProof(
  config: VerifyConfig,
  text: string,
  options: Pick<VerifyOptions, 'checkpoint'> & { readonly txid?: string | undefined; readonly source: string },
): Verification {
  const proof = proofFromJson(text);
  const txid = options.txid === undefined ? {} : { txid: parseHash(options.txid, 'transaction id') };
  const verdict = verifySelfContained(config.params, proof, { ...verifier(options), ...txid });
  return { verdict, proof, source: options.source };
}

/** The proof for others; with its headers from a height on, which then need a checkpoint. Throws `UsageError`. */
export function exportProof(config: VerifyConfig, proof: SelfContainedProof, headersFrom = '0'): ProofJson {
  const interval = difficultyInterval(config.params);
  const from = Number(headersFrom);
  const { headers, claim } = proof;
  if (!/^\d{1,9}$/.test(headersFrom) || from % interval !== 0 || from > claim.height) {
    throw new UsageError('bad-height', `--headers-from '${headersFrom}' is no height where headers can begin`, {
      hint: `Give a multiple of ${interval}, the blocks of a difficulty period, up to the height ${claim.height} of the block.`,
    });
  }
  const bytes = headers.bytes.subarray(HEADER_SIZE * Math.max(0, from - headers.from));
  return proofToJson({ ...proof, headers: { from: Math.max(from, headers.from), bytes } });
}

function verifier({ checkpoint }: Pick<VerifyOptions, 'checkpoint'>): { nowSeconds: number; checkpoint?: Checkpoint } {
  const nowSeconds = unixSeconds(systemClock);
  return checkpoint === undefined ? { nowSeconds } : { nowSeconds, checkpoint: parseCheckpoint(checkpoint) };
}

function whereToLook(params: ChainParams, { block, address }: VerifyOptions): WhereToLook {
  const scripts = address === undefined ? {} : { scripts: [decodeAddress(address, params.address)] };
  if (block === undefined) return scripts;
  return { ...scripts, block: /^\d{1,9}$/.test(block) ? Number(block) : parseHash(block, 'block hash or height') };
}

function parseCheckpoint(text: string): Checkpoint {
  const [, height, hash] = /^(\d{1,9}):([0-9a-fA-F]{64})$/.exec(text) ?? [];
  if (hash === undefined) {
    throw new UsageError('bad-checkpoint', `--checkpoint '${text}' is not of the form HEIGHT:HASH`);
  }
  return { height: Number(height), hash: fromReversedHex(hash) };
}

function parseHash(text: string, what: string): Uint8Array {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return fromReversedHex(text);
  throw new UsageError('bad-hash', `'${text}' is no ${what}`, { hint: 'A hash has 64 hex digits.' });
}

/** The proof that a light node keeps, be it running or not; undefined where there is no such node, or no such proof. */
async function heldProof(config: NodeConfig, txid: string): Promise<SelfContainedProof | undefined> {
  const { cookie: cookieFile } = nodePaths(config);
  const client = new RpcClient({ ...config.rpc, cookieFile });
  try {
    return proofFromJson(JSON.stringify(await client.call('exportpaymentproof', [txid])));
  } catch (error) {
    if (error instanceof PierError && error.code === 'node-not-running') return storedProof(config, txid);
    const hasNone: readonly number[] = [RpcCode.METHOD_NOT_FOUND, RpcCode.INVALID_ADDRESS_OR_KEY];
    if (error instanceof RpcError && hasNone.includes(error.rpcCode)) return undefined;
    throw error;
  }
}

/** From the files of a light node that does not run; they are not changed. */
async function storedProof(config: NodeConfig, txid: string): Promise<SelfContainedProof | undefined> {
  const { params } = config;
  const paths = nodePaths(config);
  if (!existsSync(paths.chain) || !existsSync(paths.wallet)) return undefined;
  const common = { network: params.marker, readOnly: true };
  const modules = { clock: systemClock, logger: silentLogger, random: systemRandom };
  const stores: LmdbStore[] = [];
  try {
    const store = await LmdbStore.open({ ...common, path: paths.chain, kind: 'header chain' });
    stores.push(store);
    const walletStore = await LmdbStore.open({ ...common, path: paths.wallet, kind: 'wallet' });
    stores.push(walletStore);
    const chain = await HeaderChain.open(params, { ...modules, store });
    const wallets = await WalletFile.open({ params }, { ...modules, store: walletStore });
    return ownProof({ chain, proofs: new ProofStore(store), wallets }, txid);
  } catch (error) {
    // A node with all blocks keeps no proofs.
    if (error instanceof StoreError && error.code === 'other-kind') return undefined;
    throw error;
  } finally {
    for (const store of stores) await store.close();
  }
}
