import type { AddressRelay } from './address-relay.ts';
import type { BlockAnnouncer } from './block-announcer.ts';
import type { BlockDownload } from './block-download.ts';
import type { CatchUp } from './catch-up.ts';
import type { ChainServer } from './chain-server.ts';
import type { CompactDownload } from './compact-download.ts';
import type { CompactPeers } from './compact-peers.ts';
import type { DataServer } from './data-server.ts';
import type { FilterServer } from './filter-server.ts';
import type { HeaderSync } from './header-sync.ts';
import type { Command, MessageOf } from './messages/index.ts';
import type { Peer } from './peer.ts';
import type { TxAnnouncer } from './tx-announcer.ts';
import type { TxDownload } from './tx-download.ts';

/** What the handlers of messages work with. */
export interface HandlerContext {
  readonly addresses: AddressRelay;
  readonly headers: HeaderSync;
  readonly blocks: BlockDownload;
  readonly announcer: BlockAnnouncer;
  readonly catchUp: CatchUp;
  readonly chainServer: ChainServer;
  readonly compactBlocks: CompactDownload;
  readonly compactPeers: CompactPeers;
  readonly dataServer: DataServer;
  readonly filterServer: FilterServer;
  readonly transactions: TxDownload;
  readonly txAnnouncer: TxAnnouncer;
  /** We want no transactions from peers. */
  readonly blocksOnly: boolean;
}

/** What is done on a message. While a returned promise is pending, the peer's further messages wait. */
export type Handler<C extends Command> = (
  context: HandlerContext,
  peer: Peer,
  message: MessageOf<C>,
) => void | Promise<void>;
