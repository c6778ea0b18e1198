import { open } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { findNetwork, isNetworkPath } from '../../node/networks.ts';
import type { NetworkOptions, NodeOptions } from './network-options.ts';
import { planNetwork } from './network-plan.ts';
import { TopologyError, type TopologyFault } from './topology-error.ts';
import { checkFileContent } from './topology-schema.ts';
import { type ParsedYaml, parseYaml } from './yaml-text.ts';

/** Bytes of a topology file at most. */
const MAX_BYTES = 1 << 20;

/**
 * Reads the options of `createNetwork` from a JSON or YAML file with the same names. Relative paths in it are relative to
 * its folder. Throws `PierError` 'bad-topology', which lists every fault with file, line and path in the document.
 *
 * @example
 * ```ts
 * import { createNetwork, readTopology } from 'pier/devnet';
 *
 * const network = await createNetwork(await readTopology('network.yaml'));
 * console.log(network.nodes.map(({ name }) => name));
 * await network.close();
 * ```
 */
export async function readTopology(path: string): Promise<NetworkOptions> {
  const isJson = extname(path).toLowerCase() === '.json';
  if (!isJson && !/\.ya?ml$/i.test(path)) {
    throw unreadable(path, [{ path: [], reason: 'the name ends in neither .json, .yaml nor .yml' }]);
  }
  const text = await readText(path);
  const yaml = isJson ? undefined : await parseYaml(text);
  if (yaml && yaml.faults.length > 0) throw unreadable(path, yaml.faults, yaml);
  const content = yaml ? yaml.content : parseJson(path, text);
  if (isNetworkFile(content)) {
    const reason = 'this is a network file, with the parameters of a chain, and no topology file';
    throw unreadable(path, [{ path: [], reason }], undefined, { hint: 'It is for the option `network`.' });
  }
  try {
    const options = besideFile(checkFileContent(content), dirname(resolve(path)));
    // Finds options that contradict each other.
    planNetwork(options, findNetwork);
    return options;
  } catch (error) {
    if (!(error instanceof TopologyError)) throw error;
    // JSON is YAML as well.
    const lines = yaml ?? (await parseYaml(text));
    throw unreadable(path, error.faults, lines, { cause: error });
  }
}

/** Reads a file of bounded size as UTF-8. */
async function readText(path: string): Promise<string> {
  const bytes = await readBytes(path).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'ENOENT' ? 'the file does not exist' : error.message;
    throw unreadable(path, [{ path: [], reason }], undefined, { cause: error });
  });
  if (bytes.length > MAX_BYTES) throw unreadable(path, [{ path: [], reason: `the file exceeds ${MAX_BYTES} bytes` }]);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw unreadable(path, [{ path: [], reason: 'the file is not UTF-8' }], undefined, { cause });
  }
}

/** Reads a file up to a byte beyond the bound. */
async function readBytes(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const buffer = new Uint8Array(MAX_BYTES + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.subarray(0, length);
  } finally {
    await file.close();
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unreadable(path, [{ path: [], reason: (cause as Error).message }], undefined, { cause });
  }
}

/** Returns the options with paths that are relative to the file's folder made absolute. */
function besideFile({ network, dataDir, nodes, ...rest }: NetworkOptions, folder: string): NetworkOptions {
  return {
    ...rest,
    ...(nodes === undefined ? {} : { nodes: typeof nodes === 'number' ? nodes : nodes.map(programBeside(folder)) }),
    ...(network === undefined ? {} : { network: isNetworkPath(network) ? resolve(folder, network) : network }),
    ...(dataDir === undefined ? {} : { dataDir: resolve(folder, dataDir) }),
  };
}

/** A name without a slash is one on PATH. */
function programBeside(folder: string): (node: NodeOptions) => NodeOptions {
  return (node) => (node.path?.includes('/') ? { ...node, path: resolve(folder, node.path) } : node);
}

/** Returns whether the content of a file is that of a network file. */
function isNetworkFile(content: unknown): boolean {
  return typeof content === 'object' && content !== null && Object.hasOwn(content, 'extends');
}

function unreadable(
  file: string,
  faults: readonly TopologyFault[],
  lines?: ParsedYaml,
  { hint, cause }: { readonly hint?: string | undefined; readonly cause?: unknown } = {},
): TopologyError {
  const located = faults.map((fault) => {
    const line = fault.line ?? lines?.lineOf(fault.path);
    return { ...fault, file, line };
  });
  return new TopologyError(located, { hint: hint ?? 'docs/test-networks.md describes topology files.', cause });
}
