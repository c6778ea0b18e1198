import type { Transaction } from '../../../src/primitives/transaction.ts';
import { addressTypes, KeyTree } from '../../../src/wallet/keys.ts';
import type { BlockPlan } from '../../chain/support/builder.ts';
import type { TestNetwork } from '../../p2p/support/network.ts';
import { BlockList, BloomServer, MNEMONIC } from './bloom-network.ts';
import { ServedChain, Server } from './light-network.ts';

let port = 7000;

/** Returns the scripts of the test wallet by chain and index: external and change keys of each address type. */
export async function walletChains(count: number): Promise<Uint8Array[][]> {
  const tree = await KeyTree.fromMnemonic(MNEMONIC, 1);
  return addressTypes.flatMap((type) =>
    [false, true].map((change) =>
      Array.from({ length: count }, (_, index) => tree.output({ type, change, index }).scriptPubKey),
    ),
  );
}

/** Serves a chain with either kind of filter. */
export async function serve(net: TestNetwork, plans: readonly BlockPlan[], bloom: boolean) {
  /** Heights of the blocks that the node has fetched, in order. */
  const fetched: number[] = [];
  /** Called at each answer. */
  const hook = { answering: () => {} };
  if (bloom) {
    const list = new BlockList(plans);
    const lies = {
      transactions: (matching: readonly Transaction[]) => {
        hook.answering();
        return matching;
      },
    };
    const servers = [await BloomServer.start(net, port++, list, lies), await BloomServer.start(net, port++, list)];
    const announce = (next: readonly BlockPlan[], height: number) => {
      const other = new BlockList(next, servers[0]!.chain.blocks.slice(0, height + 1));
      for (const server of servers) {
        if (server.isConnected) server.announce(other);
        else server.chain = other;
      }
    };
    return { servers, fetched, hook, announce, blocks: () => servers[0]!.chain.blocks };
  }
  const server = await Server.start(net, ServedChain.of(plans), {
    filter: (_, filter) => {
      hook.answering();
      return filter;
    },
    block: (height, block) => {
      fetched.push(height);
      return block;
    },
  });
  const announce = (next: readonly BlockPlan[], height: number) =>
    server.announce(ServedChain.of(next, server.chain.blocks.slice(0, height + 1)));
  return { servers: [server], fetched, hook, announce, blocks: () => server.chain.blocks };
}
