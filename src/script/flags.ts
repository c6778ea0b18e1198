/** Script rules added to the original ones, as bits (Core: SCRIPT_VERIFY_*, same values). */
export const ScriptFlag = {
  NONE: 0,
  /** BIP16: the redeem script of a P2SH output is run. */
  P2SH: 1 << 0,
  STRICTENC: 1 << 1,
  /** BIP66: signatures are strict DER. */
  DERSIG: 1 << 2,
  LOW_S: 1 << 3,
  /** BIP147: the dummy element of OP_CHECKMULTISIG is empty. */
  NULLDUMMY: 1 << 4,
  SIGPUSHONLY: 1 << 5,
  MINIMALDATA: 1 << 6,
  DISCOURAGE_UPGRADABLE_NOPS: 1 << 7,
  /** Requires P2SH and WITNESS. */
  CLEANSTACK: 1 << 8,
  /** BIP65. */
  CHECKLOCKTIMEVERIFY: 1 << 9,
  /** BIP112. */
  CHECKSEQUENCEVERIFY: 1 << 10,
  /** BIP141. Requires P2SH. */
  WITNESS: 1 << 11,
  DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM: 1 << 12,
  MINIMALIF: 1 << 13,
  NULLFAIL: 1 << 14,
  WITNESS_PUBKEYTYPE: 1 << 15,
  CONST_SCRIPTCODE: 1 << 16,
  /** BIP341 and BIP342. Requires WITNESS. */
  TAPROOT: 1 << 17,
  DISCOURAGE_UPGRADABLE_TAPROOT_VERSION: 1 << 18,
  DISCOURAGE_OP_SUCCESS: 1 << 19,
  DISCOURAGE_UPGRADABLE_PUBKEYTYPE: 1 << 20,
} as const;

/** The name of a script flag. */
export type ScriptFlagName = keyof typeof ScriptFlag;

/** The consensus rules of today: a transaction that breaks one is invalid in a block. */
export const MANDATORY_SCRIPT_VERIFY_FLAGS: number =
  ScriptFlag.P2SH |
  ScriptFlag.DERSIG |
  ScriptFlag.NULLDUMMY |
  ScriptFlag.CHECKLOCKTIMEVERIFY |
  ScriptFlag.CHECKSEQUENCEVERIFY |
  ScriptFlag.WITNESS |
  ScriptFlag.TAPROOT;

/** The standardness rules of the mempool: consensus, plus rules against malleability and for future soft forks. */
export const STANDARD_SCRIPT_VERIFY_FLAGS: number =
  MANDATORY_SCRIPT_VERIFY_FLAGS |
  ScriptFlag.STRICTENC |
  ScriptFlag.MINIMALDATA |
  ScriptFlag.DISCOURAGE_UPGRADABLE_NOPS |
  ScriptFlag.CLEANSTACK |
  ScriptFlag.MINIMALIF |
  ScriptFlag.NULLFAIL |
  ScriptFlag.LOW_S |
  ScriptFlag.DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM |
  ScriptFlag.WITNESS_PUBKEYTYPE |
  ScriptFlag.CONST_SCRIPTCODE |
  ScriptFlag.DISCOURAGE_UPGRADABLE_TAPROOT_VERSION |
  ScriptFlag.DISCOURAGE_OP_SUCCESS |
  ScriptFlag.DISCOURAGE_UPGRADABLE_PUBKEYTYPE;
