/** Core's constants of standardness that nobody needs to choose. Names are Core's. */

export const TX_MIN_STANDARD_VERSION = 1;
export const TX_MAX_STANDARD_VERSION = 3;
export const MAX_STANDARD_TX_WEIGHT = 400_000;
/** Bytes without witness; a transaction of 64 could pass for an inner node of a merkle tree (CVE-2017-12842). */
export const MIN_STANDARD_TX_NONWITNESS_SIZE = 65;
/** The scriptSig of a 15-of-15 P2SH multisig with compressed keys, and a little more. */
export const MAX_STANDARD_SCRIPTSIG_SIZE = 1650;
/** Signature operations in a P2SH redeem script. */
export const MAX_P2SH_SIGOPS = 15;
/** BIP141 cost of a transaction's signature operations: a fifth of a block's. */
export const MAX_STANDARD_TX_SIGOPS_COST = 16_000;
/** BIP54: signature operations outside the witness that a transaction may execute. */
export const MAX_TX_LEGACY_SIGOPS = 2500;
/** Weight that each unit of signature operation cost is taken for, at least. */
export const BYTES_PER_SIGOP = 20;

export const MAX_STANDARD_P2WSH_STACK_ITEMS = 100;
export const MAX_STANDARD_P2WSH_STACK_ITEM_SIZE = 80;
export const MAX_STANDARD_P2WSH_SCRIPT_SIZE = 3600;
export const MAX_STANDARD_TAPSCRIPT_STACK_ITEM_SIZE = 80;

/** Keys of a bare multisig output. */
export const MAX_STANDARD_MULTISIG_KEYS = 3;
/** Dust outputs of a transaction that pays no fee (ephemeral dust). */
export const MAX_DUST_OUTPUTS_PER_TX = 1;

/** BIP125 rule 5: transactions that one replacement may evict. */
export const MAX_REPLACEMENT_CANDIDATES = 100;
/** Virtual bytes of the one more descendant that the CPFP carve-out allows. */
export const EXTRA_DESCENDANT_TX_SIZE_LIMIT = 10_000;

/** BIP431: the version of topologically restricted transactions (TRUC). */
export const TRUC_VERSION = 3;
/** Virtual bytes. */
export const TRUC_MAX_VSIZE = 10_000;
/** Virtual bytes of one with an unconfirmed ancestor. */
export const TRUC_CHILD_MAX_VSIZE = 1000;
/** With itself. */
export const TRUC_ANCESTOR_LIMIT = 2;
/** With itself. */
export const TRUC_DESCENDANT_LIMIT = 2;
