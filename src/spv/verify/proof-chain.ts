import { equalBytes } from '../../bytes/compare.ts';
import { checkHeader, checkHeaderContext } from '../../consensus/block-check.ts';
import { type HeaderContext, medianTimePast } from '../../consensus/header-context.ts';
import { type ChainParams, difficultyInterval } from '../../consensus/params.ts';
import { blockWork } from '../../consensus/pow.ts';
import { formatReject } from '../../consensus/reject.ts';
import { BlockHeader, HEADER_SIZE } from '../../primitives/header.ts';
import type { VerifiedChain, VerifiedHeader } from './verified-chain.ts';

/** Headers from an untrusted source. */
export interface ProofHeaders {
  /** Height of the first header. */
  readonly from: number;
  /** The concatenated headers, 80 bytes each. */
  readonly bytes: Uint8Array;
}

/** A block that the verifier trusts to be in the best chain. */
export interface Checkpoint {
  readonly height: number;
  /** 32 bytes, internal order. */
  readonly hash: Uint8Array;
}

/** Options of `ProofChain.verify`. */
export interface ProofChainOptions {
  /** The verifier's time, Unix seconds. */
  readonly nowSeconds: number;
  /** Expected hashes that the chain must exceed or equal. Default: the network's minimum chain work. */
  readonly minimumWork?: bigint;
  readonly checkpoint?: Checkpoint;
}

/** Why a header chain is rejected. */
export type ChainFlaw =
  | 'no-headers' // no bytes, or a length that is no multiple of 80
  | 'wrong-genesis' // the first header is not the network's genesis
  | 'unknown-start' // starts above genesis without a checkpoint, or within a difficulty period
  | 'not-linked' // a header's previous hash is not the hash of the header before it
  | 'invalid-header' // wrong proof of work, difficulty, time or version
  | 'other-chain' // the checkpoint's block is not in the chain
  | 'too-little-work'; // less than the minimum chain work

/** A rejected header chain. */
export interface FlawedChain {
  readonly flaw: ChainFlaw;
  /** Which header is wrong, and why. */
  readonly detail: string;
}

/** Headers that the median time past is computed from (Core: nMedianTimeSpan). */
const MEDIAN_TIME_SPAN = 11;

/**
 * A header chain from an untrusted source, validated as a full node does: links, difficulty, proof of work and time. A
 * chain that does not start at genesis must start at a difficulty period and contain the verifier's checkpoint, since
 * low difficulty headers cost almost nothing.
 */
export class ProofChain implements VerifiedChain {
  readonly params: ChainParams;
  readonly firstHeight: number;
  readonly #headers: readonly ProofHeader[];

  private constructor(params: ChainParams, from: number, headers: readonly ProofHeader[]) {
    this.params = params;
    this.firstHeight = from;
    this.#headers = headers;
  }

  /** Validates headers. Returns the chain, or the first flaw. Time and memory are linear in the number of headers. */
  static verify(params: ChainParams, shown: ProofHeaders, options: ProofChainOptions): ProofChain | FlawedChain {
    const { from, bytes } = shown;
    const { checkpoint, nowSeconds, minimumWork = params.minimumChainWork } = options;
    if (bytes.length === 0 || bytes.length % HEADER_SIZE !== 0) {
      return { flaw: 'no-headers', detail: `${bytes.length} bytes; a header has ${HEADER_SIZE}` };
    }
    if (from > 0 && (!checkpoint || from % difficultyInterval(params) !== 0)) {
      return { flaw: 'unknown-start', detail: `the first header has height ${from}` };
    }
    const headers: ProofHeader[] = [];
    for (let at = 0; at < bytes.length; at += HEADER_SIZE) {
      const next = new ProofHeader(BlockHeader.decode(bytes.subarray(at, at + HEADER_SIZE)), from, headers);
      const flawed = next.flaw(params, nowSeconds);
      if (flawed) return flawed;
      headers.push(next);
    }
    const chain = new ProofChain(params, from, headers);
    return chain.#flaw(checkpoint, minimumWork) ?? chain;
  }

  #flaw(checkpoint: Checkpoint | undefined, minimumWork: bigint): FlawedChain | undefined {
    if (checkpoint) {
      const at = this.atHeight(checkpoint.height);
      if (!at || !equalBytes(at.hash, checkpoint.hash)) {
        const { height } = checkpoint;
        const detail = at ? `block ${height} is ${at.header.hashHex}` : `no header at height ${height}`;
        return { flaw: 'other-chain', detail };
      }
    }
    const { chainwork } = this.tip;
    // The work below the first header is unknown; the checkpoint stands for it.
    if (this.firstHeight > 0 || chainwork >= minimumWork) return undefined;
    return { flaw: 'too-little-work', detail: `${chainwork} expected hashes, minimum ${minimumWork}` };
  }

  get tip(): VerifiedHeader {
    return this.#headers.at(-1)!;
  }

  atHeight(height: number): VerifiedHeader | undefined {
    return this.#headers[height - this.firstHeight];
  }
}

/** A header with access to its ancestors. */
class ProofHeader implements VerifiedHeader, HeaderContext {
  readonly header: BlockHeader;
  readonly height: number;
  readonly prev: ProofHeader | undefined;
  readonly chainwork: bigint;
  readonly #from: number;
  readonly #all: readonly ProofHeader[];

  /** `all` holds the headers before this one; the caller appends this one. */
  constructor(header: BlockHeader, from: number, all: readonly ProofHeader[]) {
    this.header = header;
    this.height = from + all.length;
    this.prev = all.at(-1);
    this.chainwork = (this.prev?.chainwork ?? 0n) + blockWork(header.bits);
    this.#from = from;
    this.#all = all;
  }

  get hash(): Uint8Array {
    return this.header.hash;
  }

  get time(): number {
    return this.header.time;
  }

  get bits(): number {
    return this.header.bits;
  }

  get version(): number {
    return this.header.version;
  }

  ancestor(height: number): ProofHeader | undefined {
    return height > this.height ? undefined : this.#all[height - this.#from];
  }

  medianTimePast(): number {
    return medianTimePast(this);
  }

  flaw(params: ChainParams, nowSeconds: number): FlawedChain | undefined {
    const { header, prev } = this;
    const name = `header ${this.height} (${header.hashHex})`;
    if (!prev) {
      if (this.height === 0 && !equalBytes(header.hash, params.genesis.hash)) {
        return { flaw: 'wrong-genesis', detail: `${name} is not the genesis of ${params.network}` };
      }
    } else if (!equalBytes(header.prevHash, prev.hash)) {
      return { flaw: 'not-linked', detail: `${name} does not build on header ${prev.height}` };
    }
    const reject = checkHeader(header, params) ?? (prev && checkHeaderContext(header, prev, params, nowSeconds));
    if (!reject || (reject.reason === 'time-too-old' && this.#lacksMedianTime)) return undefined;
    return { flaw: 'invalid-header', detail: `${name}: ${formatReject(reject)}` };
  }

  /** Whether the median time past is unknown because some of the previous 11 headers are below the first one. */
  get #lacksMedianTime(): boolean {
    return this.#from > 0 && this.height - this.#from < MEDIAN_TIME_SPAN;
  }
}
