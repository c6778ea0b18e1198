import type { CallNode } from '../stage/node-details.ts';
import type { Timeline } from '../timeline.ts';

/** What is read of an entry of `getrawmempool`. */
interface MempoolEntry {
  readonly vsize: number;
  /** Bitcoins. */
  readonly fees: { readonly base: number };
}

/** Nodes that are asked at a time. */
const ASKED = 5;

/** Asks the nodes for the transactions that their mempools held before the first event came. */
export async function loadMempools(timeline: Timeline, session: { readonly call: CallNode }): Promise<void> {
  const nodes = [...timeline.nodes.values()].filter(
    ({ role, moments }) => role !== 'light' && moments.at(-1)?.status === 'running' && moments.at(-1)?.mempool !== 0,
  );
  for (let i = 0; i < nodes.length; i += ASKED) {
    await Promise.all(
      nodes.slice(i, i + ASKED).map(async ({ name }) => {
        const entries = await session
          .call<Readonly<Record<string, MempoolEntry>>>(name, 'getrawmempool', [true])
          .catch(() => ({}));
        for (const [txid, { vsize, fees }] of Object.entries(entries)) {
          timeline.addKnownTransaction(name, txid, { vsize, fee: Math.round(fees.base * 1e8) });
        }
      }),
    );
  }
}
