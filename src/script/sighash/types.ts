/** Hash types: the last byte of a signature, which selects what it commits to (Core: SIGHASH_*). */
export const SigHash = {
  /** Taproot only: signs as ALL, and takes no byte. */
  DEFAULT: 0x00,
  ALL: 0x01,
  NONE: 0x02,
  SINGLE: 0x03,
  ANYONECANPAY: 0x80,
} as const;

/** The rules under which a script runs and signs (Core: SigVersion). */
export const SigVersion = {
  /** Bare scripts and P2SH redeem scripts. */
  BASE: 0,
  /** P2WPKH and P2WSH (BIP143). */
  WITNESS_V0: 1,
  /** Taproot's key path (BIP341). */
  TAPROOT: 2,
  /** Taproot's script path with leaf version 0xc0 (BIP342). */
  TAPSCRIPT: 3,
} as const;

/** A value of `SigVersion`. */
export type SigVersion = (typeof SigVersion)[keyof typeof SigVersion];
