import { blockWork, compactToTarget } from '../consensus/pow.ts';
import { BlockHeader } from '../primitives/header.ts';
import { searchInSlices } from './search-in-slices.ts';
import { nonceChecker, type SearchReport } from './search-job.ts';
import { hasSearchWorkers, searchInWorkers } from './search-workers.ts';

/** A nonce that meets the target, and the cost of finding it. */
export interface ProofOfWork {
  readonly nonce: number;
  /** Headers hashed. */
  readonly hashes: number;
  /** Duration of the search. */
  readonly seconds: number;
  /** Headers hashed per second. */
  readonly hashRate: number;
}

/** Limits of a proof-of-work search. */
export interface SearchOptions {
  /** Headers to try at most; default: all nonces from the header's nonce up. */
  readonly maxTries?: number;
  /** Aborts the search. */
  readonly signal?: AbortSignal;
  /** Worker threads; default: one per processor, less one. */
  readonly threads?: number;
  /** Is called when a search that takes time begins, with a function that returns the headers hashed so far, about. */
  readonly started?: (hashes: () => number) => void;
}

const NONCES = 2 ** 32;
/** Expected hashes up to which a search on this thread is faster than messaging a worker. */
const INLINE_WORK = 1024n;

/**
 * Searches for a nonce, from the header's nonce up, with which the header meets its target. Resolves to the header with
 * that nonce; undefined if there is none or the search was aborted.
 *
 * @example
 * ```ts
 * import { regtest } from 'pier/consensus';
 * import { searchProofOfWork } from 'pier/mining';
 *
 * const found = await searchProofOfWork(regtest.genesis.header);
 * console.log(found!.header.nonce); // 2
 * ```
 */
export async function searchProofOfWork(
  header: BlockHeader,
  options: SearchOptions = {},
): Promise<({ readonly header: BlockHeader } & ProofOfWork) | undefined> {
  const { signal } = options;
  const { target, negative, overflow } = compactToTarget(header.bits);
  if (negative || overflow || target === 0n || signal?.aborted) return undefined;

  const search = {
    header: header.encode(),
    target,
    firstNonce: header.nonce,
    count: Math.min(options.maxTries ?? NONCES, NONCES - header.nonce),
  };
  const start = performance.now();
  const isTrivial = blockWork(header.bits) <= INLINE_WORK;
  const { nonce, hashes } = isTrivial
    ? searchInline(search)
    : hasSearchWorkers()
      ? await searchInWorkers(search, signal, options.threads, options.started)
      : await searchInSlices(search, signal, options.started);
  if (nonce === undefined) return undefined;
  const seconds = (performance.now() - start) / 1000;
  const { version, prevHash, merkleRoot, time, bits } = header;
  const solved = new BlockHeader({ version, prevHash, merkleRoot, time, bits, nonce });
  return { header: solved, nonce, hashes, seconds, hashRate: hashes / seconds };
}

type Search = Parameters<typeof searchInWorkers>[0];

function searchInline({ header, target, firstNonce, count }: Search): SearchReport {
  const meetsTarget = nonceChecker(header, target);
  for (let tried = 0; tried < count; tried++) {
    if (meetsTarget(firstNonce + tried)) return { nonce: firstNonce + tried, hashes: tried + 1 };
  }
  return { nonce: undefined, hashes: count };
}
