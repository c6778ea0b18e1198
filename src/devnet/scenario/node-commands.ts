import { PierError } from '../../platform/errors.ts';
import { runPier } from '../processes/node-process.ts';

interface CreatedWallet {
  readonly wallet: string;
  readonly address: string;
}

/** Commands of Pier on the files of nodes, each in a child process. */
export class NodeCommands {
  readonly #files: readonly string[];

  readonly #signal: AbortSignal;

  /** `network`: a name, or the path of a network file. Commands end when `signal` aborts. */
  constructor(dataDir: string, network: string, signal: AbortSignal) {
    this.#files = ['--datadir', dataDir, '--network', network];
    this.#signal = signal;
  }

  /** Runs a command and returns its result. Throws `PierError` with the command's error code. */
  run<T = unknown>(nodeId: number, args: readonly string[], input?: string): Promise<T> {
    return runPier<T>(nodeId, [...args, ...this.#files], { input, signal: this.#signal });
  }

  /** Creates a chain; returns false if there is the one of an earlier run. */
  async createBlockchain(nodeId: number, address: string): Promise<boolean> {
    const created = await unless('chain-exists', this.run(nodeId, ['createblockchain', '--address', address]));
    return created !== undefined;
  }

  /** Creates a wallet, or finds the one of an earlier run. Returns its first address. */
  async createWallet(nodeId: number, name: string): Promise<string> {
    const creating = this.run<CreatedWallet>(nodeId, ['createwallet', '--name', name]);
    const created = await unless('wallet-exists', creating);
    if (created) return created.address;
    const addresses = await this.run<CreatedWallet[]>(nodeId, ['listaddresses']);
    const found = addresses.find(({ wallet }) => wallet === name);
    if (found) return found.address;
    throw new PierError('no-wallet', `node ${nodeId} has no wallet '${name}'`);
  }

  /** Returns the mnemonics of a node's wallets, by name. */
  async mnemonics(nodeId: number): Promise<ReadonlyMap<string, string>> {
    const wallets = await this.run<{ wallet: string; mnemonic: string }[]>(nodeId, ['showmnemonic']);
    return new Map(wallets.map(({ wallet, mnemonic }) => [wallet, mnemonic]));
  }

  /** Restores a wallet from its mnemonic, unless an earlier run has done so. */
  async restoreWallet(nodeId: number, name: string, mnemonic: string): Promise<void> {
    await unless('wallet-exists', this.run(nodeId, ['createwallet', '--restore', '--name', name], mnemonic));
  }
}

/** Returns the result of a command, or undefined if it failed with the error code `code`. */
async function unless<T>(code: string, command: Promise<T>): Promise<T | undefined> {
  try {
    return await command;
  } catch (error) {
    if (error instanceof PierError && error.code === code) return undefined;
    throw error;
  }
}
