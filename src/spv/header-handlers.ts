import type { HeaderSync } from '../p2p/blocks/header-sync.ts';
import type { Peer } from '../p2p/peer/peer.ts';
import type { Command, MessageOf } from '../p2p/wire/messages/index.ts';
import { namesBlock } from '../p2p/wire/messages/inventory.ts';

/** What is done on a message; whatever is not here means nothing. */
export type SpvHandlers = { readonly [C in Command]?: (peer: Peer, message: MessageOf<C>) => void };

/** What everybody does who follows headers: hears of blocks, and stays in touch. */
export function headerHandlers(headers: HeaderSync): Pick<SpvHandlers, 'headers' | 'inv' | 'ping' | 'pong'> {
  return {
    headers: (peer, message) => headers.received(peer, message.headers),
    inv: (peer, { entries }) => {
      const block = entries.findLast(namesBlock);
      if (block) headers.announced(peer, block.hash);
    },
    ping: (peer, { nonce }) => {
      if (nonce !== undefined) peer.send('pong', { nonce });
    },
    pong: (peer, { nonce }) => peer.keepAlive.pong(nonce),
  };
}
