import type { AddressRelay } from '../addresses/address-relay.ts';
import type { BlockAnnouncer } from '../blocks/block-announcer.ts';
import type { BlockDownload } from '../blocks/block-download.ts';
import type { CatchUp } from '../blocks/catch-up.ts';
import type { CompactDownload } from '../blocks/compact/compact-download.ts';
import type { CompactPeers } from '../blocks/compact/compact-peers.ts';
import type { HeaderSync } from '../blocks/header-sync.ts';
import type { Peer } from '../peer/peer.ts';
import type { ChainServer } from '../serve/chain-server.ts';
import type { DataServer } from '../serve/data-server.ts';
import type { FilterServer } from '../serve/filter-server.ts';
import type { TxAnnouncer } from '../transactions/tx-announcer.ts';
import type { TxDownload } from '../transactions/tx-download.ts';
import type { Command, MessageOf } from '../wire/messages/index.ts';

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
