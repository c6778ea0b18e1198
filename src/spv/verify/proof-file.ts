import { concatBytes } from '../../bytes/compare.ts';
import { DecodeError } from '../../bytes/errors.ts';
import { fromHex, fromReversedHex, toHex, toReversedHex } from '../../bytes/hex.ts';
import type { ChainParams } from '../../consensus/params.ts';
import { PierError } from '../../platform/errors.ts';
import { Transaction } from '../../primitives/transaction.ts';
import type { MerkleProof } from '../../proofs/merkle-proof.ts';
import { MAX_TREE_DEPTH } from '../../proofs/merkle-tree.ts';
import { ShownChain, type ShownChainOptions, type ShownHeaders } from './shown-chain.ts';
import type { VerifiedChain } from './verified-chain.ts';
import { type PaymentClaim, type PaymentVerdict, refused, verifyPayment } from './verify-payment.ts';

/** What the JSON form says of itself. */
const FORMAT = 'pier-payment-proof';
const VERSION = 1;

/** All that it takes to verify a payment without asking anybody. */
export interface SelfContainedProof {
  readonly network: string;
  /** Hash of the network's first block: 32 bytes, internal order. */
  readonly genesis: Uint8Array;
  readonly claim: PaymentClaim;
  readonly headers: ShownHeaders;
}

/** Its JSON form: bytes and headers in hex, hashes as people see them. */
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

/** Verifies everything, by the rules of the verifier's network. Throws nothing; see `verifyPayment`. */
export function verifySelfContained(
  params: ChainParams,
  { network, genesis, claim, headers }: SelfContainedProof,
  options: ShownChainOptions & { readonly txid?: Uint8Array },
): PaymentVerdict {
  const [theirs, ours] = [toReversedHex(genesis), params.genesis.hashHex];
  if (network !== params.network || theirs !== ours) {
    return refused('other-network', `${network}, which begins with ${theirs}; not ${params.network}: ${ours}`);
  }
  const chain = ShownChain.verify(params, headers, options);
  if ('flaw' in chain) return refused(chain.flaw, chain.detail);
  return verifyPayment(chain, claim, options.txid);
}

/** The proof of a claim with a chain's headers from a height on. */
export function selfContained(chain: VerifiedChain, claim: PaymentClaim, from = chain.unseen ?? 0): SelfContainedProof {
  const headers: Uint8Array[] = [];
  for (let height = from; height <= chain.tip.height; height++) headers.push(chain.atHeight(height)!.header.encode());
  const { network, genesis } = chain.params;
  return { network, genesis: genesis.hash, claim, headers: { from, bytes: concatBytes(...headers) } };
}

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

/** Reads the JSON form; a `proof` inside another object will do, as `pier verify --json` prints it. Throws `PierError` 'bad-proof'. */
export function proofFromJson(text: string): SelfContainedProof {
  try {
    const whole = object(JSON.parse(text), 'the proof');
    const json = whole.format === undefined && whole.proof !== undefined ? object(whole.proof, 'proof') : whole;
    if (json.format !== FORMAT || json.version !== VERSION) {
      throw new TypeError(`it is not of format ${FORMAT}, version ${VERSION}`);
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
    throw new PierError('bad-proof', `that is no proof of a payment: ${error.message}`, {
      hint: `Make one with 'pier verify TXID --export FILE'.`,
      cause: error,
    });
  }
}

// Each throws a TypeError that names the member.

function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError(`${name} is no object`);
  return value as Record<string, unknown>;
}

function string(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new TypeError(`${name} is no text`);
  return value;
}

function integer(value: unknown, name: string): number {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 0xffff_ffff) {
    throw new TypeError(`${name} is no whole number of 32 bits`);
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
  if (bytes.length !== 32) throw new TypeError(`${name} is no hash`);
  return bytes;
}

function transaction(value: unknown, name: string): Transaction {
  return decoded(name, () => Transaction.decode(hex(value, name)));
}

function branch(value: unknown, name: string): MerkleProof['branch'] {
  if (!Array.isArray(value) || value.length > MAX_TREE_DEPTH) {
    throw new TypeError(`${name} is no list of at most ${MAX_TREE_DEPTH} hashes`);
  }
  return value.map((each, i) => hash(each, `${name}[${i}]`));
}
