import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChainParams, chainParams, networkNames } from '../consensus/params.ts';
import type { NamedNetwork } from './composition/settings.ts';
import { UsageError } from './composition/usage-error.ts';
import { readNetworkFile } from './network-file.ts';

export { isPublicNetwork, type NamedNetwork } from './composition/settings.ts';

/** Folder of the network files that come with Pier. */
const BUNDLED = fileURLToPath(new URL('../../networks/', import.meta.url));

/**
 * Returns the network with a name or in a network file. Throws `UsageError` 'unknown-network' or 'bad-network-file'.
 */
export function findNetwork(text: string): NamedNetwork {
  const known = networkNames.find((name) => name === text);
  if (known) return { params: chainParams(known), argument: known };
  if (isNetworkPath(text)) {
    const path = resolve(text);
    return { params: readNetworkFile(path, { resolveBase }), argument: path };
  }
  const path = bundledPath(text);
  if (existsSync(path)) return { params: readNetworkFile(path, { resolveBase }), argument: text };
  throw unknownNetwork(text);
}

/**
 * Returns the network that a file extends. Only names are allowed, so that files cannot extend each other in a cycle.
 */
export function resolveBase(name: string): ChainParams {
  if (isNetworkPath(name)) throw unknownNetwork(name);
  return findNetwork(name).params;
}

/** Returns the names of the networks that need no network file. */
export function knownNetworks(): string[] {
  const bundled = readdirSync(BUNDLED).filter((file) => file.endsWith('.json'));
  return [...networkNames, ...bundled.map((file) => file.slice(0, -'.json'.length))];
}

/** Returns whether the name of a network is the path of a network file. */
export function isNetworkPath(text: string): boolean {
  return text.endsWith('.json') || text.includes('/') || text.includes('\\');
}

function bundledPath(name: string): string {
  return resolve(BUNDLED, `${name}.json`);
}

function unknownNetwork(text: string): UsageError {
  return new UsageError('unknown-network', `unknown network '${text}'`, {
    hint: `Give --network or PIER_NETWORK one of ${knownNetworks().join(', ')}, or the path of a network file that ends in .json.`,
  });
}
