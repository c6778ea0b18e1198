import { StoreError } from '../errors.ts';
import { crc32 } from './checksum.ts';
import { damaged } from './damage.ts';
import type { LmdbStoreOptions, StoreKind } from './lmdb-options.ts';

/** The format of new files: each record of the content ends with a checksum. Format 1 has none. */
export const FORMAT = 2;
/** The key of the identity record. */
export const IDENTITY = 'identity';

interface Identity {
  readonly format: number;
  readonly kind: string;
  readonly network: string;
  readonly checksum: number;
}

/** Parses a JSON object; undefined if it is none. */
export function parseJson<T>(bytes: Uint8Array | undefined): Partial<T> | undefined {
  if (!bytes) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === 'object' && value !== null ? (value as Partial<T>) : undefined;
  } catch {
    return undefined;
  }
}

function checksumOf({ format, kind, network }: Partial<Identity>): number {
  const bytes = new TextEncoder().encode(JSON.stringify([format, kind, network]));
  return crc32(bytes, 0, bytes.length);
}

/** Returns the identity record of a file in the current format. */
export function identityRecord({ kind, network }: Pick<LmdbStoreOptions, 'kind' | 'network'>): Uint8Array {
  const identity = { format: FORMAT, kind, network };
  return new TextEncoder().encode(JSON.stringify({ ...identity, checksum: checksumOf(identity) }));
}

/** Returns whether the records of a file have checksums, from its identity record. */
export function hasChecksums(bytes: Uint8Array | undefined): boolean {
  return parseJson<Identity>(bytes)?.format === FORMAT;
}

/**
 * Checks that a file is the database described by `options`, from its identity record. Returns its format. Throws
 * `StoreError`.
 */
export function checkIdentity(options: LmdbStoreOptions, bytes: Uint8Array | undefined): number {
  const { path, kind, network } = options;
  const found = parseJson<Identity>(bytes);
  if (bytes && !found) throw damaged(options, 'its identity record cannot be read');
  if (typeof found?.format !== 'number') {
    throw new StoreError('not-a-database', path, `${path} is an LMDB file of another program`, {
      hint: 'Use another data directory, or move this file away.',
    });
  }
  if (found.format > FORMAT) {
    const versions = `format ${found.format}, this release supports up to ${FORMAT}`;
    throw new StoreError('newer-format', path, `${path} was written by a newer release of Pier (${versions})`, {
      hint: 'Update Pier, or use another data directory.',
    });
  }
  const isFirst = found.format === 1 && found.checksum === undefined;
  if (!isFirst && found.checksum !== checksumOf(found)) {
    throw damaged(options, 'its identity record has a wrong checksum');
  }
  if (found.kind !== kind) {
    throw new StoreError('other-kind', path, `${path} holds a ${found.kind}, not a ${kind}`, {
      hint: otherKindHint(found.kind, kind),
    });
  }
  if (found.network !== network) {
    // The marker of a network that a file defines is its name, '#' and a digest of its rules.
    const name = (marker: string) => marker.split('#', 1)[0]!;
    const theirs = name(found.network ?? '');
    const isChanged = theirs === name(network);
    throw new StoreError('other-network', path, `${path} belongs to network ${found.network}, not to ${network}`, {
      hint: isChanged
        ? `The file that defines network ${theirs} has changed: restore it, or use another data directory.`
        : `Use --network ${theirs}, or another data directory.`,
    });
  }
  return found.format;
}

function otherKindHint(found: string | undefined, wanted: StoreKind): string {
  if (found === 'wallet' || wanted === 'wallet') return 'Check the file names in the data directory.';
  const [type, how] = found === 'blockchain' ? ['full', 'without'] : ['light', 'with'];
  return `It belongs to a ${type} node: start the node ${how} --spv, or use another NODE_ID.`;
}
