/** What a message processor knows about a peer (Core: CNodeStateStats). Times are Unix seconds, 0 for never. */
export interface PeerStateStats {
  /** Whether transactions are announced to the peer. */
  readonly relaysTransactions: boolean;
  /** Whether the peer has loaded a Bloom filter (BIP37). */
  readonly hasBloomFilter: boolean;
  /** When the peer last sent a transaction that was accepted. */
  readonly lastTxTime: number;
  /** When the peer last sent a block that was new. */
  readonly lastBlockTime: number;
  /** Height of the last header of the peer's header pre-sync; -1 if there is none. */
  readonly presyncedHeaders: number;
  /** Height of the best header that the peer is known to have; -1 while unknown. */
  readonly syncedHeaders: number;
  /** Height of the last block in common with the peer; -1 while unknown. */
  readonly syncedBlocks: number;
  /** Heights of the blocks in flight from the peer. */
  readonly inFlight: readonly number[];
  /** Whether this node selected the peer for high-bandwidth compact blocks (BIP152). */
  readonly highBandwidthTo: boolean;
  /** Whether the peer selected this node for them. */
  readonly highBandwidthFrom: boolean;
  readonly addressRelay: boolean;
  /** Announced addresses that were processed. */
  readonly addressesProcessed: number;
  /** Announced addresses that were dropped because of the rate limit. */
  readonly addressesRateLimited: number;
  /** Satoshis per 1,000 virtual bytes (BIP133). */
  readonly minFeeFilter: bigint;
}

/** The statistics of a peer about which a processor knows nothing. */
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
};
