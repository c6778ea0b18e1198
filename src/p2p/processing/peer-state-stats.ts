/** What a message processor knows about a peer (Core: CNodeStateStats). Times are Unix seconds, 0 for never. */
export interface PeerStateStats {
  /** Whether this node announces transactions to the peer. */
  readonly relaysTransactions: boolean;
  /** Whether the peer has loaded a Bloom filter (BIP37). */
  readonly hasBloomFilter: boolean;
  /** When the peer last sent an accepted transaction. */
  readonly lastTxTime: number;
  /** When the peer last sent a new block. */
  readonly lastBlockTime: number;
  /** Height of the last header of the peer's header pre-sync; -1 if there is none. */
  readonly presyncedHeaders: number;
  /** Height of the best header known of the peer; -1 while unknown. */
  readonly syncedHeaders: number;
  /** Height of the last block in common with the peer; -1 while unknown. */
  readonly syncedBlocks: number;
  /** Heights of the blocks in flight from the peer. */
  readonly inFlight: readonly number[];
  /** Whether this node selected the peer for high-bandwidth compact blocks (BIP152). */
  readonly highBandwidthTo: boolean;
  /** Whether the peer selected this node for high-bandwidth compact blocks. */
  readonly highBandwidthFrom: boolean;
  /** Whether addresses are relayed to and from the peer (Core: m_addr_relay_enabled). */
  readonly addressRelay: boolean;
  /** Number of announced addresses processed. */
  readonly addressesProcessed: number;
  /** Number of announced addresses dropped by the rate limit. */
  readonly addressesRateLimited: number;
  /** The peer's fee filter (BIP133): satoshis per 1,000 virtual bytes. */
  readonly minFeeFilter: bigint;
  /** Sequence number of the mempool when transactions were last announced to the peer; 0 without transaction relay. */
  readonly lastInvSequence: number;
  /** Number of transactions that have yet to be announced to the peer. */
  readonly invToSend: number;
}

/** Statistics of a peer about which the processor knows nothing. */
export const noPeerStateStats: PeerStateStats = {
  relaysTransactions: false,
  hasBloomFilter: false,
  lastTxTime: 0,
  lastBlockTime: 0,
  presyncedHeaders: -1,
  syncedHeaders: -1,
  syncedBlocks: -1,
  inFlight: [],
  highBandwidthTo: false,
  highBandwidthFrom: false,
  addressRelay: false,
  addressesProcessed: 0,
  addressesRateLimited: 0,
  minFeeFilter: 0n,
  lastInvSequence: 0,
  invToSend: 0,
};
