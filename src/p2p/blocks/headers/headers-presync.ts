import { concatBytes, equalBytes } from '../../../bytes/compare.ts';
import type { HeaderContext } from '../../../consensus/header-context.ts';
import type { ChainParams } from '../../../consensus/params.ts';
import { blockWork, permittedDifficultyTransition } from '../../../consensus/pow.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { type Random, randomInt } from '../../../platform/random.ts';
import type { BlockHeader } from '../../../primitives/header.ts';
import { BitQueue } from './bit-queue.ts';
import { HeaderQueue } from './header-queue.ts';

/** One bit is kept of so many headers (Core: commitment_period). */
const COMMITMENT_PERIOD = 641;
/** Headers of the second round wait until so many have followed and agree with their bits: 23.7 bits of certainty. */
const REDOWNLOAD_BUFFER_SIZE = 15_218;
/** The median time rule lets a chain have no more blocks than this per second. */
const MAX_BLOCKS_PER_SECOND = 6;
/** Seconds by which a block may be ahead of our clock (Core: MAX_FUTURE_BLOCK_TIME). */
const MAX_FUTURE_BLOCK_TIME = 2 * 60 * 60;
const SALT_BYTES = 16;

export interface HeadersPresyncOptions {
  readonly params: ChainParams;
  /** The block that we share with the peer, from where its headers go on. */
  readonly start: HeaderContext & { readonly chainwork: bigint };
  /** The work that the peer's chain has to show. */
  readonly minimumWork: bigint;
  /** Seconds since the Unix epoch. */
  readonly now: number;
  readonly random: Random;
  /** Both default to Core's values. */
  readonly commitmentPeriod?: number;
  readonly redownloadBufferSize?: number;
}

export interface PresyncResult {
  /** The headers are as they should be; if not, nothing has been made of them. */
  readonly success: boolean;
  /** Whether to ask for what follows `lastHash`; if not, this was the end. */
  readonly requestMore: boolean;
  /** Headers that belong to a chain of enough work, in their order. */
  readonly accepted: readonly BlockHeader[];
}

const FAILED: PresyncResult = { success: false, requestMore: false, accepted: [] };

/**
 * Learns a long chain of headers without room for it before it has shown its work (Core: HeadersSyncState). They are
 * fetched twice. The first time ('presync') they are only counted, and one salted bit of every so many is kept. Once
 * they show enough work they are fetched again ('redownload') and given out when enough of those behind them agree
 * with the bits: whoever wants to have other headers stored than those that have the work has to guess the bits.
 * Proof of work of the headers, and that each is the child of the one before it in its message, is for the caller to
 * see to.
 */
export class HeadersPresync {
  readonly #params: ChainParams;
  readonly #start: HeadersPresyncOptions['start'];
  readonly #minimumWork: bigint;
  readonly #period: number;
  readonly #bufferSize: number;
  readonly #salt: Uint8Array;
  /** Heights with this remainder are those of which a bit is kept. */
  readonly #offset: number;
  readonly #maxCommitments: number;
  readonly #commitments = new BitQueue();
  readonly #buffer: HeaderQueue;
  #phase: 'presync' | 'redownload' | 'done' = 'presync';
  #presyncHeight: number;
  /** Of the last header of this phase. */
  #height: number;
  #lastHash: Uint8Array;
  #lastBits: number;
  #work: bigint;
  /** The second round has shown the work as well: all the rest may pass. */
  #isProven = false;

  constructor(options: HeadersPresyncOptions) {
    const { params, start, minimumWork, now, random } = options;
    this.#params = params;
    this.#start = start;
    this.#minimumWork = minimumWork;
    this.#period = options.commitmentPeriod ?? COMMITMENT_PERIOD;
    this.#bufferSize = options.redownloadBufferSize ?? REDOWNLOAD_BUFFER_SIZE;
    this.#salt = random.bytes(SALT_BYTES);
    this.#offset = randomInt(random, this.#period);
    // No valid chain can be longer than this by now, so that this bounds our memory.
    const seconds = now - start.medianTimePast() + MAX_FUTURE_BLOCK_TIME;
    this.#maxCommitments = Math.floor((MAX_BLOCKS_PER_SECOND * seconds) / this.#period);
    this.#buffer = new HeaderQueue(start.hash);
    this.#presyncHeight = start.height;
    this.#height = start.height;
    this.#lastHash = start.hash;
    this.#lastBits = start.bits;
    this.#work = start.chainwork;
  }

  get phase(): 'presync' | 'redownload' | 'done' {
    return this.#phase;
  }

  /** The height that the first round has reached. */
  get presyncHeight(): number {
    return this.#presyncHeight;
  }

  /** The hash to begin the locator of the next request with, before those of the block where this began. */
  get lastHash(): Uint8Array {
    return this.#lastHash;
  }

  /** Bits that are kept, and headers that wait. */
  get size(): { readonly commitments: number; readonly headers: number } {
    return { commitments: this.#commitments.length, headers: this.#buffer.length };
  }

  /** Takes the headers of a message; `isFull` if it held as many as it may, so that there may be more. */
  process(headers: readonly BlockHeader[], isFull: boolean): PresyncResult {
    const result = this.#phase === 'presync' ? this.#presync(headers, isFull) : this.#redownload(headers, isFull);
    if (!result.requestMore) this.#phase = 'done';
    return result;
  }

  #presync(headers: readonly BlockHeader[], isFull: boolean): PresyncResult {
    for (const header of headers) {
      if (!this.#follows(header)) return FAILED;
      if (this.#isCommitted(this.#height + 1)) {
        this.#commitments.push(this.#commitment(header));
        if (this.#commitments.length > this.#maxCommitments) return FAILED;
      }
      this.#advance(header);
      this.#presyncHeight = this.#height;
    }
    if (this.#work < this.#minimumWork) return { success: true, requestMore: isFull, accepted: [] };
    this.#phase = 'redownload';
    this.#height = this.#start.height;
    this.#lastHash = this.#start.hash;
    this.#lastBits = this.#start.bits;
    this.#work = this.#start.chainwork;
    return { success: true, requestMore: true, accepted: [] };
  }

  #redownload(headers: readonly BlockHeader[], isFull: boolean): PresyncResult {
    for (const header of headers) {
      if (!this.#follows(header)) return FAILED;
      const work = this.#work + blockWork(header.bits);
      // The peer's chain may have grown meanwhile: beyond the work that is needed there need not be a bit.
      if (work >= this.#minimumWork) this.#isProven = true;
      else if (this.#isCommitted(this.#height + 1) && this.#commitments.shift() !== this.#commitment(header)) {
        return FAILED;
      }
      this.#advance(header);
      this.#buffer.push(header);
    }
    const accepted: BlockHeader[] = [];
    while (this.#buffer.length > (this.#isProven ? 0 : this.#bufferSize)) accepted.push(this.#buffer.shift());
    return { success: true, requestMore: isFull && !this.#isProven, accepted };
  }

  /** Whether a header is the child of the last one, with a difficulty that it may have after it. */
  #follows(header: BlockHeader): boolean {
    return (
      equalBytes(header.prevHash, this.#lastHash) &&
      permittedDifficultyTransition(this.#params, this.#height + 1, this.#lastBits, header.bits)
    );
  }

  #advance(header: BlockHeader): void {
    this.#height++;
    this.#lastHash = header.hash;
    this.#lastBits = header.bits;
    this.#work += blockWork(header.bits);
  }

  #isCommitted(height: number): boolean {
    return height % this.#period === this.#offset;
  }

  #commitment(header: BlockHeader): number {
    return sha256(concatBytes(this.#salt, header.hash))[0]! & 1;
  }
}
