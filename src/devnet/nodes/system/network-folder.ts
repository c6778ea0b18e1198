import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeDataDir } from '../../../node/config.ts';
import { PierError } from '../../../platform/errors.ts';

/** The folder with the files of a network's nodes: a temporary one, or one that stays. */
export class NetworkFolder {
  readonly isTemporary: boolean;
  readonly #path: string;

  private constructor(path: string, isTemporary: boolean) {
    this.#path = path;
    this.isTemporary = isTemporary;
  }

  /** Returns the folder at `dataDir`; undefined for a new temporary one. */
  static async open(dataDir: string | undefined): Promise<NetworkFolder> {
    if (dataDir !== undefined) return new NetworkFolder(resolve(dataDir), false);
    return new NetworkFolder(await mkdtemp(join(tmpdir(), 'pier-network-')), true);
  }

  /** Returns the path of a node's folder. */
  of(node: string): string {
    return join(this.#path, node);
  }

  /** Creates the folders of nodes. Throws `PierError` 'datadir-in-use' if one exists, and 'bad-datadir'. */
  async create(nodes: readonly string[]): Promise<void> {
    makeDataDir(this.#path);
    for (const node of nodes) {
      const folder = this.of(node);
      await mkdir(folder).catch((cause: NodeJS.ErrnoException) => {
        if (cause.code !== 'EEXIST') throw cause;
        throw new PierError('datadir-in-use', `the folder ${folder} exists`, {
          hint: 'Choose another data directory, or remove the folder.',
          cause,
        });
      });
    }
  }

  /** Removes it if it is temporary. */
  async remove(): Promise<void> {
    if (this.isTemporary) await rm(this.#path, { recursive: true, force: true });
  }
}
