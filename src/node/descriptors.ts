import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { PierError } from '../platform/errors.ts';

/** Descriptors for files, listeners and connection attempts (Core: MIN_CORE_FDS). */
const FILES = 40;
/** Descriptors for the threads that verify scripts and mine, for each processor. */
const PER_PROCESSOR = 10;
/** Fewest RPC connections for which descriptors are kept. */
const MIN_RPC = 8;
/** Fewest P2P connections with which a node starts. */
const MIN_P2P = 4;
/** P2P connections without an option (Core: DEFAULT_MAX_PEER_CONNECTIONS). */
const DEFAULT_P2P = 125;
/** Most RPC connections. */
const MAX_RPC = 512;

/** Maximum numbers of connections for which the process has descriptors. */
export interface DescriptorShares {
  readonly p2p: number;
  readonly rpc: number;
}

/**
 * Divides the descriptors that a process may open (`ulimit -n`) among files, P2P and RPC, so that peers cannot take those
 * of files and RPC (Core: AppInitParameterInteraction). `wanted` is the number of P2P connections asked for. Throws
 * `PierError` 'too-few-descriptors'.
 */
export function shareDescriptors(
  limit: number,
  wanted = DEFAULT_P2P,
  processors = availableParallelism(),
): DescriptorShares {
  const own = FILES + PER_PROCESSOR * processors;
  // The RPC server accepts up to twice as many connections before it closes the surplus.
  const p2p = Math.min(wanted, limit - own - 2 * MIN_RPC);
  if (p2p < Math.min(wanted, MIN_P2P)) {
    throw new PierError('too-few-descriptors', `this process may open only ${limit} files and connections`, {
      hint: `Raise the limit: ulimit -n ${own + 2 * MAX_RPC + Math.max(wanted, DEFAULT_P2P)}`,
    });
  }
  return { p2p, rpc: Math.min(MAX_RPC, Math.floor((limit - own - p2p) / 2)) };
}

/** Returns the descriptors that this process may open; infinity if the system does not tell. */
export function descriptorLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
