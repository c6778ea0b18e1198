import type { ControlClient } from '../../control/client/control-client.ts';
import type { KnownBlock, Timeline } from './timeline.ts';

/** Blocks of each branch that are loaded. */
const LOADED_BLOCKS = 40;

/** What a node says of a block's header. */
interface HeaderResult {
  readonly hash: string;
  readonly height: number;
  readonly previousblockhash?: string;
  readonly nTx?: number;
}

/** Asks nodes for the blocks before their tips that the page does not know, once each. */
export class BlockLoader {
  readonly #timeline: Timeline;
  readonly #isLoading = new Set<string>();

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** Loads what the branches of all nodes lack. Calls `loaded` after each block. */
  load(client: ControlClient, loaded: () => void): void {
    for (const { name, role, moments } of this.#timeline.nodes.values()) {
      const tip = moments.at(-1)?.tip;
      // Full nodes have the blocks of light ones.
      if (tip && moments.at(-1)!.status === 'running' && (role !== 'light' || !this.#isShared(tip))) {
        void this.#loadBranch(client, name, tip, loaded);
      }
    }
  }

  #isShared(tip: string): boolean {
    return [...this.#timeline.nodes.values()].some(
      ({ role, moments }) => role !== 'light' && moments.at(-1)?.tip === tip,
    );
  }

  async #loadBranch(client: ControlClient, node: string, tip: string, loaded: () => void): Promise<void> {
    let hash: string | undefined = tip;
    for (let count = 0; count < LOADED_BLOCKS && hash !== undefined; count++) {
      const known: KnownBlock | undefined = this.#timeline.blocks.get(hash);
      if (known) {
        hash = known.previous;
        continue;
      }
      if (this.#isLoading.has(hash)) return;
      this.#isLoading.add(hash);
      try {
        const header = (await client.call('call', { node, method: 'getblockheader', params: [hash] })) as HeaderResult;
        const { height, previousblockhash: previous = '', nTx } = header;
        this.#timeline.addBlock({ hash, height, previous, ...(nTx === undefined ? {} : { transactions: nTx }) });
        loaded();
        hash = previous === '' ? undefined : previous;
      } catch {
        // A node that has stopped meanwhile: another event asks again.
        return;
      } finally {
        this.#isLoading.delete(hash ?? tip);
      }
    }
  }
}
