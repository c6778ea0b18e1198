import { concatBytes } from '../../bytes/compare.ts';
import { DecodeError } from '../../bytes/errors.ts';
import { fromHex, fromReversedHex, toHex, toReversedHex } from '../../bytes/hex.ts';
import type { ChainParams } from '../../consensus/params.ts';
import { PierError } from '../../platform/errors.ts';
import { Transaction } from '../../primitives/transaction.ts';
import type { MerkleProof } from '../../proofs/merkle-proof.ts';
import { MAX_TREE_DEPTH } from '../../proofs/merkle-tree.ts';
import { ProofChain, type ProofChainOptions, type ProofHeaders } from './proof-chain.ts';
import type { VerifiedChain } from './verified-chain.ts';
import { type PaymentClaim, type PaymentVerdict, refused, verifyPayment } from './verify-payment.ts';

/** `format` and `version` of the JSON form. */
const FORMAT = 'pier-payment-proof';
const VERSION = 1;

/** A payment proof with all headers: verified without a network. */
export interface SelfContainedProof {
  readonly network: string;
  /** Hash of the network's genesis block: 32 bytes, internal order. */
  readonly genesis: Uint8Array;
  readonly claim: PaymentClaim;
  readonly headers: ProofHeaders;
}

/** JSON form of a `SelfContainedProof`: transactions and headers in hex, hashes in hex in reversed byte order. */
export type ProofJson = {
  readonly format: string;
  readonly version: number;
  readonly network: string;
  readonly genesis: string;
  readonly transaction: string;
  readonly height: number;
  readonly position: number;
  readonly branch: readonly string[];
  readonly coinbase?: { readonly transaction: string; readonly branch: readonly string[] };
  readonly headers: { readonly from: number; readonly hex: string };
};

/**
 * Verifies the network, the headers and the claim, by the rules of `params`. Throws nothing; see `verifyPayment`.
 *
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import { chainParams } from 'pier/consensus';
 * import { proofFromJson, verifySelfContained } from 'pier/spv';
 *
 * // `pier verify TXID --export payment.json` wrote this file.
 * const proof = proofFromJson(await readFile('payment.json', 'utf8'));
 * const verdict = verifySelfContained(chainParams('regtest'), proof, { nowSeconds: Date.now() / 1000 });
 * if (verdict.verified) console.log(verdict.transaction.txidHex, verdict.confirmations);
 * else console.log(verdict.flaw, verdict.reason);
 * ```
 */
export function verifySelfContained(
  params: ChainParams,
  { network, genesis, claim, headers }: SelfContainedProof,
  options: ProofChainOptions & { readonly txid?: Uint8Array },
): PaymentVerdict {
  const [theirs, ours] = [toReversedHex(genesis), params.genesis.hashHex];
  if (network !== params.network || theirs !== ours) {
    return refused('other-network', `${network} with genesis ${theirs}, not ${params.network} with genesis ${ours}`);
  }
  const chain = ProofChain.verify(params, headers, options);
  if ('flaw' in chain) return refused(chain.flaw, chain.detail);
  return verifyPayment(chain, claim, options.txid);
}

/** Returns a claim with the headers of `chain` from a height on. */
export function selfContained(
  chain: VerifiedChain,
  claim: PaymentClaim,
  from = chain.firstHeight ?? 0,
): SelfContainedProof {
  const headers: Uint8Array[] = [];
  for (let height = from; height <= chain.tip.height; height++) headers.push(chain.atHeight(height)!.header.encode());
  const { network, genesis } = chain.params;
  return { network, genesis: genesis.hash, claim, headers: { from, bytes: concatBytes(...headers) } };
}

/** Encodes a proof as JSON; transactions without their witnesses. */
export function proofToJson({ network, genesis, claim, headers }: SelfContainedProof): ProofJson {
  const { transaction, height, proof, coinbase } = claim;
  return {
    ...{ format: FORMAT, version: VERSION, network, genesis: toReversedHex(genesis) },
    transaction: toHex(transaction.encodeStripped()),
    ...{ height, position: proof.position, branch: proof.branch.map(toReversedHex) },
    ...(coinbase && {
      coinbase: {
        transaction: toHex(coinbase.transaction.encodeStripped()),
        branch: coinbase.proof.branch.map(toReversedHex),
      },
    }),
    headers: { from: headers.from, hex: toHex(headers.bytes) },
  };
}

/**
 * Parses the JSON form. Also accepts an object with the proof in its member `proof`, which is what `pier verify --json`
 * prints. Throws `PierError` 'bad-proof'.
 */
export function proofFromJson(text: string): SelfContainedProof {
  try {
    const whole = object(JSON.parse(text), 'the proof');
    const json = whole.format === undefined && whole.proof !== undefined ? object(whole.proof, 'proof') : whole;
    if (json.format !== FORMAT || json.version !== VERSION) {
      throw new TypeError(`the format is not ${FORMAT}, version ${VERSION}`);
    }
    const coinbase = json.coinbase === undefined ? undefined : object(json.coinbase, 'coinbase');
    const headers = object(json.headers, 'headers');
    return {
      network: string(json.network, 'network'),
      genesis: hash(json.genesis, 'genesis'),
      claim: {
        transaction: transaction(json.transaction, 'transaction'),
        height: integer(json.height, 'height'),
        proof: { position: integer(json.position, 'position'), branch: branch(json.branch, 'branch') },
        ...(coinbase && {
          coinbase: {
            transaction: transaction(coinbase.transaction, 'coinbase.transaction'),
            proof: { position: 0, branch: branch(coinbase.branch, 'coinbase.branch') },
          },
        }),
      },
      headers: { from: integer(headers.from, 'headers.from'), bytes: hex(headers.hex, 'headers.hex') },
    };
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
    throw new PierError('bad-proof', `not a payment proof: ${error.message}`, {
      hint: `Create one with 'pier verify TXID --export FILE'.`,
      cause: error,
    });
  }
}

// Each of these throws a TypeError that names the member.

function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError(`${name} is not an object`);
  return value as Record<string, unknown>;
}

function string(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new TypeError(`${name} is not a string`);
  return value;
}

function integer(value: unknown, name: string): number {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 0xffff_ffff) {
    throw new TypeError(`${name} is not a 32-bit unsigned integer`);
  }
  return value as number;
}

function decoded<T>(name: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError) throw new TypeError(`${name}: ${error.message}`);
    throw error;
  }
}

function hex(value: unknown, name: string): Uint8Array {
  return decoded(name, () => fromHex(string(value, name)));
}

function hash(value: unknown, name: string): Uint8Array {
  const bytes = decoded(name, () => fromReversedHex(string(value, name)));
  if (bytes.length !== 32) throw new TypeError(`${name} is not a hash of 32 bytes`);
  return bytes;
}

function transaction(value: unknown, name: string): Transaction {
  return decoded(name, () => Transaction.decode(hex(value, name)));
}

function branch(value: unknown, name: string): MerkleProof['branch'] {
  if (!Array.isArray(value) || value.length > MAX_TREE_DEPTH) {
    throw new TypeError(`${name} is not an array of at most ${MAX_TREE_DEPTH} hashes`);
  }
  return value.map((each, i) => hash(each, `${name}[${i}]`));
}
