import { blockWork, compactToTarget } from '../consensus/pow.ts';
import { BlockHeader } from '../primitives/header.ts';
import { nonceChecker, type SearchReport } from './search-job.ts';
import { searchInWorkers } from './search-workers.ts';

export interface ProofOfWork {
  readonly nonce: number;
  /** Headers hashed. */
  readonly hashes: number;
  readonly seconds: number;
  /** Headers hashed a second. */
  readonly hashRate: number;
}

export interface SearchOptions {
  /** Headers to try at most; default all nonces from the header's own on. */
  readonly maxTries?: number;
  readonly signal?: AbortSignal;
  /** Default: one for each processor but one. */
  readonly threads?: number;
}

const NONCES = 2 ** 32;
/** Up to this many hashes on average, a search is over sooner than a worker is told of it. */
const INLINE_WORK = 1024n;

/**
 * Looks for a nonce, from the header's own on, with which its hash meets the target of its bits. Resolves to the header
 * with that nonce, or undefined where none was found, or `signal` was aborted.
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
  const { nonce, hashes } = isTrivial ? searchHere(search) : await searchInWorkers(search, signal, options.threads);
  if (nonce === undefined) return undefined;
  const seconds = (performance.now() - start) / 1000;
  const { version, prevHash, merkleRoot, time, bits } = header;
  const solved = new BlockHeader({ version, prevHash, merkleRoot, time, bits, nonce });
  return { header: solved, nonce, hashes, seconds, hashRate: hashes / seconds };
}

type Search = Parameters<typeof searchInWorkers>[0];

function searchHere({ header, target, firstNonce, count }: Search): SearchReport {
  const meetsTarget = nonceChecker(header, target);
  for (let tried = 0; tried < count; tried++) {
    if (meetsTarget(firstNonce + tried)) return { nonce: firstNonce + tried, hashes: tried + 1 };
  }
  return { nonce: undefined, hashes: count };
}
