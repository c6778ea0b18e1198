/** Blocks before the tip that are looked through. */
const SEARCHED_BLOCKS = 40;

/** What asks any node. */
export interface AskAny {
  callAny<T>(method: string, params: readonly unknown[]): Promise<T>;
}

/** What is read of a block. */
interface BlockContent {
  readonly height: number;
  readonly previousblockhash?: string;
  readonly tx: readonly string[];
}

/** Finds the blocks of the last transactions. Each block is loaded once. */
export class Confirmations {
  readonly #nodes: AskAny;
  /** What was loaded of that chain. */
  #blocks = new Map<string, BlockContent>();
  /** Hashes of the chain that was looked through last, by height. */
  #hashes = new Map<number, string>();

  constructor(nodes: AskAny) {
    this.#nodes = nodes;
  }

  /** Returns the heights of those transactions that blocks of the chain hold, of a node that runs. */
  async heightsOf(txids: readonly string[]): Promise<Map<string, number>> {
    const wanted = new Set(txids);
    const heights = new Map<string, number>();
    const hashes = new Map<number, string>();
    const blocks = new Map<string, BlockContent>();
    let hash: string | undefined = await this.#nodes.callAny<string>('getbestblockhash', []);
    for (let count = 0; count < SEARCHED_BLOCKS && hash !== undefined && wanted.size > heights.size; count++) {
      const known: BlockContent = this.#blocks.get(hash) ?? (await this.#nodes.callAny('getblock', [hash, 1]));
      blocks.set(hash, known);
      hashes.set(known.height, hash);
      for (const txid of known.tx) if (wanted.has(txid)) heights.set(txid, known.height);
      hash = known.previousblockhash;
    }
    this.#hashes = hashes;
    this.#blocks = blocks;
    return heights;
  }

  /** Returns the hash of the block at a height that `heightsOf` has returned. */
  hashAt(height: number): string {
    return this.#hashes.get(height) ?? '';
  }
}
