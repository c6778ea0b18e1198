import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChainParams, chainParams, networkNames } from '../consensus/params.ts';
import { readNetworkFile } from './network-file.ts';
import { UsageError } from './usage-error.ts';

/** The folder of the networks that come with Pier, each a file that says more than code could. */
const BUNDLED = fileURLToPath(new URL('../../networks/', import.meta.url));

/** A network that was named by a name or by a file. */
export interface NamedNetwork {
  readonly params: ChainParams;
  /** What names it to another process, wherever that runs: its name, or the file's absolute path. */
  readonly argument: string;
}

/** The network of this name, or of this JSON file. Throws `UsageError` 'unknown-network' or 'bad-network-file'. */
export function findNetwork(text: string): NamedNetwork {
  const known = networkNames.find((name) => name === text);
  if (known) return { params: chainParams(known), argument: known };
  if (isPath(text)) {
    const path = resolve(text);
    return { params: readNetworkFile(path, { resolveBase }), argument: path };
  }
  const path = bundledPath(text);
  if (existsSync(path)) return { params: readNetworkFile(path, { resolveBase }), argument: text };
  throw unknownNetwork(text);
}

/** The network that a file builds on: one with a name, so that files are never a circle. */
export function resolveBase(name: string): ChainParams {
  if (isPath(name)) throw unknownNetwork(name);
  return findNetwork(name).params;
}

/** Those that can be named without a file. */
export function knownNetworks(): string[] {
  const bundled = readdirSync(BUNDLED).filter((file) => file.endsWith('.json'));
  return [...networkNames, ...bundled.map((file) => file.slice(0, -'.json'.length))];
}

/** Whether blocks of this network are mined all over the world, so that nobody can begin it anew. */
export function isPublicNetwork({ network }: ChainParams): boolean {
  return network !== 'regtest' && networkNames.some((name) => name === network);
}

function isPath(text: string): boolean {
  return text.endsWith('.json') || text.includes('/') || text.includes('\\');
}

function bundledPath(name: string): string {
  return resolve(BUNDLED, `${name}.json`);
}

function unknownNetwork(text: string): UsageError {
  return new UsageError('unknown-network', `'${text}' is no network`, {
    hint: `Use one of ${knownNetworks().join(', ')}, or the path of a network file that ends with .json.`,
  });
}
