import { equalBytes } from '../../bytes/compare.ts';
import { checkHeader, checkHeaderContext } from '../../consensus/block-check.ts';
import { type HeaderContext, medianTimePast } from '../../consensus/header-context.ts';
import { type ChainParams, difficultyInterval } from '../../consensus/params.ts';
import { blockWork } from '../../consensus/pow.ts';
import { formatReject } from '../../consensus/reject.ts';
import { BlockHeader, HEADER_SIZE } from '../../primitives/header.ts';
import type { VerifiedChain, VerifiedHeader } from './verified-chain.ts';

/** Headers as somebody shows them. */
export interface ShownHeaders {
  /** Height of the first one. */
  readonly from: number;
  /** 80 bytes each, one after the other. */
  readonly bytes: Uint8Array;
}

/** A block that whoever verifies knows to be of the chain. */
export interface Checkpoint {
  readonly height: number;
  /** 32 bytes, internal order. */
  readonly hash: Uint8Array;
}

export interface ShownChainOptions {
  /** The clock of whoever verifies, Unix time. */
  readonly nowSeconds: number;
  /** Expected hashes that the chain must have taken; default: as the network says. */
  readonly minimumWork?: bigint;
  readonly checkpoint?: Checkpoint;
}

export type ChainFlaw =
  | 'no-headers' // nothing, or bytes that end within a header
  | 'wrong-genesis' // it begins with another block than the network
  | 'unknown-start' // it begins later, where nobody knows what it builds on
  | 'not-linked' // a header that does not follow the one before it
  | 'invalid-header' // a header without proof of work, or with another difficulty or time than the rules allow
  | 'other-chain' // it does not hold the block that is known to be of the chain
  | 'too-little-work'; // less than whoever verifies asks for

export interface FlawedChain {
  readonly flaw: ChainFlaw;
  /** Which header, and why. */
  readonly detail: string;
}

/** Headers whose times a median is taken of: fewer make it another one. */
const MEDIAN_TIME_SPAN = 11;

/**
 * Headers that were shown, each checked as a node checks it: linked to the one before, with the difficulty that the
 * rules ask for, its proof of work and a time that is allowed. A chain that does not begin with genesis needs a checkpoint
 * of the verifier's, for the first headers of any chain cost next to nothing; it begins where a difficulty period does.
 */
export class ShownChain implements VerifiedChain {
  readonly params: ChainParams;
  readonly unseen: number;
  readonly #headers: readonly ShownHeader[];

  private constructor(params: ChainParams, from: number, headers: readonly ShownHeader[]) {
    this.params = params;
    this.unseen = from;
    this.#headers = headers;
  }

  /** The chain, or what is wrong with it. Time and memory are in proportion to the bytes. */
  static verify(params: ChainParams, shown: ShownHeaders, options: ShownChainOptions): ShownChain | FlawedChain {
    const { from, bytes } = shown;
    const { checkpoint, nowSeconds, minimumWork = params.minimumChainWork } = options;
    if (bytes.length === 0 || bytes.length % HEADER_SIZE !== 0) {
      return { flaw: 'no-headers', detail: `${bytes.length} bytes are no headers` };
    }
    if (from > 0 && (!checkpoint || from % difficultyInterval(params) !== 0)) {
      return { flaw: 'unknown-start', detail: `the first header has height ${from}` };
    }
    const headers: ShownHeader[] = [];
    for (let at = 0; at < bytes.length; at += HEADER_SIZE) {
      const next = new ShownHeader(BlockHeader.decode(bytes.subarray(at, at + HEADER_SIZE)), from, headers);
      const flawed = next.flaw(params, nowSeconds);
      if (flawed) return flawed;
      headers.push(next);
    }
    const chain = new ShownChain(params, from, headers);
    return chain.#flaw(checkpoint, minimumWork) ?? chain;
  }

  #flaw(checkpoint: Checkpoint | undefined, minimumWork: bigint): FlawedChain | undefined {
    if (checkpoint) {
      const at = this.atHeight(checkpoint.height);
      if (!at || !equalBytes(at.hash, checkpoint.hash)) {
        const detail = at ? `its block ${checkpoint.height} is ${at.header.hashHex}` : `no block ${checkpoint.height}`;
        return { flaw: 'other-chain', detail };
      }
    }
    const { chainwork } = this.tip;
    // What is not shown is not known to have taken work; the checkpoint stands for it.
    if (this.unseen > 0 || chainwork >= minimumWork) return undefined;
    return { flaw: 'too-little-work', detail: `${chainwork} expected hashes of at least ${minimumWork}` };
  }

  get tip(): VerifiedHeader {
    return this.#headers.at(-1)!;
  }

  atHeight(height: number): VerifiedHeader | undefined {
    return this.#headers[height - this.unseen];
  }
}

/** A header among those before it. */
class ShownHeader implements VerifiedHeader, HeaderContext {
  readonly header: BlockHeader;
  readonly height: number;
  readonly prev: ShownHeader | undefined;
  readonly chainwork: bigint;
  readonly #from: number;
  readonly #all: readonly ShownHeader[];

  /** `all` are those before it, to which it will be added. */
  constructor(header: BlockHeader, from: number, all: readonly ShownHeader[]) {
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

  ancestor(height: number): ShownHeader | undefined {
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
        return { flaw: 'wrong-genesis', detail: `${name} is not the first of ${params.network}` };
      }
    } else if (!equalBytes(header.prevHash, prev.hash)) {
      return { flaw: 'not-linked', detail: `${name} does not follow the one before it` };
    }
    const refusal = checkHeader(header, params) ?? (prev && checkHeaderContext(header, prev, params, nowSeconds));
    if (!refusal || (refusal.reason === 'time-too-old' && this.#lacksTimes)) return undefined;
    return { flaw: 'invalid-header', detail: `${name}: ${formatReject(refusal)}` };
  }

  /** Whether the median time of those before it cannot be told, as some of them are not seen. */
  get #lacksTimes(): boolean {
    return this.#from > 0 && this.height - this.#from < MEDIAN_TIME_SPAN;
  }
}
