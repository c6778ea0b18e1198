import { concatBytes, equalBytes } from '../../../bytes/compare.ts';
import type { HeaderContext } from '../../../consensus/header-context.ts';
import type { ChainParams } from '../../../consensus/params.ts';
import { blockWork, permittedDifficultyTransition } from '../../../consensus/pow.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { type Random, randomInt } from '../../../platform/random.ts';
import type { BlockHeader } from '../../../primitives/header.ts';
import { BitQueue } from './bit-queue.ts';
import { HeaderQueue } from './header-queue.ts';

/** Headers per one-bit commitment (Core: commitment_period). */
const COMMITMENT_PERIOD = 641;
/**
 * Headers buffered in the redownload; the first is accepted once they match 23.7 commitments
 * (Core: redownload_buffer_size).
 */
const REDOWNLOAD_BUFFER_SIZE = 15_218;
/** Blocks per second that a chain can have at most under the median time rule. */
const MAX_BLOCKS_PER_SECOND = 6;
/** Seconds by which a block may be ahead of our clock (Core: MAX_FUTURE_BLOCK_TIME). */
const MAX_FUTURE_BLOCK_TIME = 2 * 60 * 60;
const SALT_BYTES = 16;

/** Parameters of a header pre-sync. */
export interface HeadersPresyncOptions {
  readonly params: ChainParams;
  /** The parent of the peer's first header. */
  readonly start: HeaderContext & { readonly chainwork: bigint };
  /** The work that the peer's chain must have. */
  readonly minimumWork: bigint;
  /** Unix seconds. */
  readonly now: number;
  readonly random: Random;
  /** Default: 641, as in Core. */
  readonly commitmentPeriod?: number;
  /** Default: 15,218, as in Core. */
  readonly redownloadBufferSize?: number;
}

/** The result of one `headers` message (Core: HeadersSyncState::ProcessingResult). */
export interface PresyncResult {
  /** Whether the headers were valid; if not, the pre-sync has ended. */
  readonly success: boolean;
  /** Whether to request the headers after `lastHash`; if not, the pre-sync has ended. */
  readonly requestMore: boolean;
  /** Headers of a chain with enough work, in order. */
  readonly accepted: readonly BlockHeader[];
}

const FAILED: PresyncResult = { success: false, requestMore: false, accepted: [] };

/**
 * Downloads a chain of headers twice, so that headers are stored only once their chain has proved enough work (Core:
 * HeadersSyncState). The *presync* phase sums up the work and keeps a salted one-bit commitment every
 * `commitmentPeriod` headers. The *redownload* phase accepts a header once enough later headers match their
 * commitments; to have other headers stored, a peer would have to guess the bits. The caller must have checked the
 * headers' proof of work, and that the headers of a message are consecutive.
 */
export class HeadersPresync {
  readonly #params: ChainParams;
  readonly #start: HeadersPresyncOptions['start'];
  readonly #minimumWork: bigint;
  readonly #period: number;
  readonly #bufferSize: number;
  readonly #salt: Uint8Array;
  /** Remainder, modulo the period, of the heights that have a commitment. */
  readonly #offset: number;
  readonly #maxCommitments: number;
  readonly #commitments = new BitQueue();
  readonly #buffer: HeaderQueue;
  #phase: 'presync' | 'redownload' | 'done' = 'presync';
  #presyncHeight: number;
  /** Height of the current phase's last header, as the following fields. */
  #height: number;
  #lastHash: Uint8Array;
  #lastBits: number;
  #work: bigint;
  /**
   * Whether the redownloaded headers have enough work: all further ones are accepted (Core:
   * m_process_all_remaining_headers).
   */
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
    // Bounds memory: no valid chain can be longer at this time.
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

  /** Height that the presync phase has reached. */
  get presyncHeight(): number {
    return this.#presyncHeight;
  }

  /** The first hash of the next request's locator; the start block's locator follows. */
  get lastHash(): Uint8Array {
    return this.#lastHash;
  }

  /** Commitments and buffered headers in memory. */
  get size(): { readonly commitments: number; readonly headers: number } {
    return { commitments: this.#commitments.length, headers: this.#buffer.length };
  }

  /** Processes the headers of a message; `isFull`: it has `MAX_HEADERS` headers, so the peer may have more. */
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
      // The peer's chain may have grown since: beyond the required work there may be no commitment.
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

  /** Returns whether a header is a child of the last one with a permitted difficulty transition. */
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
