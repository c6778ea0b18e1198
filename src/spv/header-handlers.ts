import type { HeaderSync } from '../p2p/blocks/headers/header-sync.ts';
import type { Peer } from '../p2p/peer/peer.ts';
import type { Handling } from '../p2p/peer/work.ts';
import type { Command, MessageOf } from '../p2p/wire/messages/index.ts';
import { namesBlock } from '../p2p/wire/messages/inventory.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Random } from '../platform/random.ts';
import type { HeaderChain } from './header-chain.ts';

/** Modules that a node with a header chain uses. */
export interface HeaderFollowerModules {
  readonly chain: HeaderChain;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Message handlers of a node without blocks. Commands without a handler are ignored. */
export type SpvHandlers = { readonly [C in Command]?: (peer: Peer, message: MessageOf<C>) => Handling };

/** Returns the handlers common to all nodes with a header chain: block announcements, headers and pings. */
export function headerHandlers(headers: HeaderSync): Pick<SpvHandlers, 'headers' | 'inv' | 'ping' | 'pong'> {
  return {
    headers: (peer, message) => headers.received(peer, message.headers),
    inv: (peer, { entries }) => {
      const block = [...entries].findLast(namesBlock);
      if (block) headers.announced(peer, block.hash);
    },
    ping: (peer, { nonce }) => {
      if (nonce !== undefined) peer.send('pong', { nonce });
    },
    pong: (peer, { nonce }) => peer.keepAlive.pong(nonce),
  };
}
