import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { makeDataDir } from '../../../node/config.ts';
import { PierError } from '../../../platform/errors.ts';
import { isRunning, ownIdentity, type ProcessIdentity } from '../../../store/lmdb/process-identity.ts';
import { FiledLog } from './filed-log.ts';

/** The file of a folder that says which network it holds. */
const NETWORK_FILE = 'network.json';
/**
 * Names of what nodes and scenarios write to their data directory: databases, mempools, cookies, logs, each with a node's
 * id.
 */
export const NODE_FILE =
  /^(?:(?:blockchain|wallet)_(\d+)\.db.*|mempool_(\d+)\.dat|\.cookie_(\d+)|node_(\d+)\.log.*|scenario_(\d+)\.json.*)$/;
/** Version of the format of the file. */
const VERSION = 1;

/** What the file holds: JSON. */
interface NetworkFile {
  readonly version: number;
  /** Folders of the nodes. */
  readonly nodes: readonly string[];
  /** Ports of the nodes. */
  readonly nodeIds?: readonly number[];
  /** The process whose network it is; absent after an orderly end. */
  readonly owner?: ProcessIdentity;
  /** What the network keeps besides the nodes' files; absent until the network has been created as a whole. */
  readonly state?: unknown;
}

/** The folder with the files of a network's nodes: a temporary one, or one that stays. */
export class NetworkFolder {
  readonly isTemporary: boolean;
  readonly path: string;
  /** Name of the file that says which network it holds. */
  readonly #name: string;
  /** Whether the nodes have no folders of their own. */
  readonly #isFlat: boolean;
  #file: NetworkFile | undefined;

  private constructor(path: string, kind: { readonly isTemporary?: boolean; readonly flatName?: string } = {}) {
    const { isTemporary = false, flatName } = kind;
    this.path = path;
    this.isTemporary = isTemporary;
    this.#name = flatName ?? NETWORK_FILE;
    this.#isFlat = flatName !== undefined;
    if (!isTemporary) this.#file = readNetworkFile(join(path, this.#name));
  }

  /**
   * Returns the folder at `dataDir`; undefined for a new temporary one. Throws `PierError` 'datadir-in-use' if its network
   * runs, 'bad-datadir' if it says of its network what this version does not understand.
   */
  static async open(dataDir: string | undefined): Promise<NetworkFolder> {
    if (dataDir !== undefined) return new NetworkFolder(resolve(dataDir));
    return new NetworkFolder(await mkdtemp(join(tmpdir(), 'pier-network-')), { isTemporary: true });
  }

  /**
   * Returns the folder at `dataDir` for the nodes of a scenario, which share it with others: the file that says which network
   * it holds is called after the port of the first. Throws as `open` does.
   */
  static openFlat(dataDir: string, nodeId: number): NetworkFolder {
    return new NetworkFolder(resolve(dataDir), { flatName: `scenario_${nodeId}.json` });
  }

  /** What `keep` has written last, possibly in another process; undefined if the folder holds no network. */
  get kept(): { readonly nodeIds: readonly number[]; readonly state: unknown } | undefined {
    const { nodeIds = [], state } = this.#file ?? {};
    return state === undefined ? undefined : { nodeIds, state };
  }

  /** Names of what it holds of its network. */
  get names(): readonly string[] {
    return this.#file ? [...this.#file.nodes, this.#name] : [];
  }

  /** Returns the path of a node's folder. */
  of(node: string): string {
    return this.#isFlat ? this.path : join(this.path, node);
  }

  /** Returns the log of a node, in the node's folder. */
  log(node: string, nodeId: number): FiledLog {
    return new FiledLog(this.of(node), nodeId);
  }

  /**
   * Creates the folders of nodes, in place of those of a network whose creation was interrupted. Throws `PierError`
   * 'datadir-in-use' if one exists otherwise, and 'bad-datadir'.
   */
  async create(names: readonly string[]): Promise<void> {
    makeDataDir(this.path);
    const nodes = this.#isFlat ? [] : names;
    if (!this.#isFlat) await this.#requireNoNodeFiles();
    for (const node of this.#file?.nodes ?? []) await rm(this.of(node), { recursive: true, force: true });
    for (const node of nodes) {
      const folder = this.of(node);
      if (existsSync(folder)) throw folderExists(folder);
    }
    // First, so that a network that is not created to the end is known as one.
    if (!this.isTemporary) this.#write({ version: VERSION, nodes, owner: ownIdentity() });
    for (const node of nodes) await mkdir(this.of(node));
  }

  /** Throws `PierError` 'datadir-in-use' if nodes that are not of a network in folders of their own have files here. */
  async #requireNoNodeFiles(): Promise<void> {
    const found = (await readdir(this.path)).find((name) => NODE_FILE.test(name));
    if (found === undefined) return;
    const message = `the folder ${this.path} holds the files of other nodes, such as ${found}`;
    throw new PierError('datadir-in-use', message, {
      hint: "Choose another data directory, or remove what nodes have left in this one by 'pier reset --files'.",
    });
  }

  /**
   * Creates the folder of a node that is added, in place of one whose addition was interrupted. Throws `PierError`
   * 'datadir-in-use' if it exists otherwise.
   */
  async add(node: string): Promise<void> {
    if (this.#isFlat) return;
    const folder = this.of(node);
    if (this.#file?.nodes.includes(node)) await rm(folder, { recursive: true, force: true });
    else if (existsSync(folder)) throw folderExists(folder);
    // First, so that a node whose addition ends early is known.
    else if (this.#file) this.#write({ ...this.#file, nodes: [...this.#file.nodes, node] });
    await mkdir(folder);
  }

  /** Removes the files of a node, which does not run. */
  async remove(node: string, nodeId: number): Promise<void> {
    if (this.#isFlat) {
      for (const name of await readdir(this.path)) {
        if (NODE_FILE.exec(name)?.slice(1).includes(String(nodeId))) await rm(join(this.path, name), { force: true });
      }
      return;
    }
    await rm(this.of(node), { recursive: true, force: true });
    if (this.#file) this.#write({ ...this.#file, nodes: this.#file.nodes.filter((name) => name !== node) });
  }

  /** Names the files of a node, which does not run, after its port. */
  async rename(node: string, nodeId: number): Promise<void> {
    for (const file of await readdir(this.of(node))) {
      const renamed = file.replace(/_\d+(?=\.|-|$)/, `_${nodeId}`);
      if (renamed !== file) await rename(join(this.of(node), file), join(this.of(node), renamed));
    }
  }

  /** Keeps JSON for the next process that opens the folder. Throws `PierError` 'state-not-saved', without effect. */
  keep(nodeIds: readonly number[], state: unknown): void {
    if (this.#file) this.#write({ ...this.#file, nodeIds, state, owner: ownIdentity() });
  }

  /** Another process may open it. Removes it if it is temporary. */
  async release(): Promise<void> {
    if (this.isTemporary) return rm(this.path, { recursive: true, force: true });
    const { owner: _, ...file } = this.#file ?? {};
    // A folder that was never claimed is left as it is.
    if (!_) return;
    try {
      this.#write(file as NetworkFile);
    } catch {
      // The next process finds that the owner has ended.
    }
  }

  #write(file: NetworkFile): void {
    const path = join(this.path, this.#name);
    try {
      writeFileSync(`${path}.new`, `${JSON.stringify(file)}\n`, { mode: 0o600, flush: true });
      renameSync(`${path}.new`, path);
    } catch (cause) {
      throw new PierError('state-not-saved', `${path} cannot be written: ${(cause as Error).message}`, {
        hint: 'Check the free space and the permissions of its folder. The file is as it was.',
        cause,
      });
    }
    this.#file = file;
  }
}

function folderExists(folder: string): PierError {
  return new PierError('datadir-in-use', `the folder ${folder} exists`, {
    hint: 'Choose another data directory, or remove the folder.',
  });
}

function readNetworkFile(path: string): NetworkFile | undefined {
  const hint = 'Choose another data directory, or remove this one.';
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code!)) return undefined;
    throw new PierError('bad-datadir', `${path} cannot be read: ${(cause as Error).message}`, { hint, cause });
  }
  let file: NetworkFile;
  try {
    file = JSON.parse(text) as NetworkFile;
  } catch (cause) {
    throw new PierError('bad-datadir', `${path} is damaged: ${(cause as Error).message}`, { hint, cause });
  }
  if (file?.version !== VERSION || !Array.isArray(file.nodes)) {
    throw new PierError('bad-datadir', `${path} was written by another version of Pier`, { hint });
  }
  const isName = (name: unknown) => typeof name === 'string' && !/^\.{0,2}$|[/\\]/.test(name);
  if (!file.nodes.every(isName))
    throw new PierError('bad-datadir', `${path} has names of nodes that are none`, { hint });
  const { owner } = file;
  if (owner === undefined || isRunning(owner) === false) return file;
  throw new PierError('datadir-in-use', `the network in ${dirname(path)} runs (process ${owner.pid})`, {
    hint: "Stop it by 'pier down', or choose another data directory.",
  });
}
