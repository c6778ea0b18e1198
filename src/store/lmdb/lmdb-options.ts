/** What a file holds: a full node's chain, a light node's headers, or wallets. */
export type StoreKind = 'blockchain' | 'header chain' | 'wallet';

/** Options of `LmdbStore.open`. */
export interface LmdbStoreOptions {
  /** The database file. */
  readonly path: string;
  /** The Bitcoin network to which the content belongs: `marker` of its `ChainParams`. */
  readonly network: string;
  readonly kind: StoreKind;
  /** Creates the file if it is missing; default true, unless `readOnly` is set. */
  readonly create?: boolean;
  /** Opens without claiming write access, possibly while another process writes. */
  readonly readOnly?: boolean;
  /**
   * Opens a file even if records do not match their checksums: `LmdbStore.damaged` names them, and reading one throws.
   * Default false: such a file is refused.
   */
  readonly toleratesDamage?: boolean;
  /**
   * Does not wait until writes are on disk: a crash of the process loses none, a power failure may lose all. For files
   * that are not needed afterwards. Default false.
   */
  readonly relaxedDurability?: boolean | undefined;
  /** Ends the check of the file, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}
