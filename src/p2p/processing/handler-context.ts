import type { AddressRelay } from '../addresses/address-relay.ts';
import type { BlockRelay } from '../blocks/block-relay.ts';
import type { Peer } from '../peer/peer.ts';
import type { Handling } from '../peer/work.ts';
import type { ChainServer } from '../serve/chain-server.ts';
import type { DataServer } from '../serve/data-server.ts';
import type { FilterServer } from '../serve/filter-server.ts';
import type { TxAnnouncer } from '../transactions/tx-announcer.ts';
import type { TxDownload } from '../transactions/tx-download.ts';
import type { Command, MessageOf } from '../wire/messages/index.ts';

/** The components of a full node that the message handlers call. */
export interface HandlerContext
  extends Pick<BlockRelay, 'announcer' | 'blocks' | 'catchUp' | 'compactBlocks' | 'compactPeers' | 'headers'> {
  readonly addresses: AddressRelay;
  readonly chainServer: ChainServer;
  readonly dataServer: DataServer;
  readonly filterServer: FilterServer;
  readonly transactions: TxDownload;
  readonly txAnnouncer: TxAnnouncer;
  /** Whether peers may announce and send transactions. */
  readonly relaysTransactions: boolean;
}

/** Handles a command. The peer's further messages wait until it is done. */
export type Handler<C extends Command> = (context: HandlerContext, peer: Peer, message: MessageOf<C>) => Handling;
