import type { NetworkNode } from './network-node.ts';

/** Submits the transactions of each full node's mempool to the others that lack them; they refuse what conflicts. */
export async function shareTransactions(nodes: readonly NetworkNode[]): Promise<void> {
  for (const source of nodes) {
    const { mempool = new Set<string>() } = await source.view();
    for (const txid of mempool) {
      for (const node of nodes) {
        if ((await node.view()).mempool!.has(txid)) continue;
        const hex = await source.call<string>('getrawtransaction', [txid]).catch(() => undefined);
        if (hex !== undefined) await node.call('sendrawtransaction', [hex]).catch(() => undefined);
      }
    }
  }
}
