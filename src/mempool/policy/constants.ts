// Core's standardness constants without an option, under Core's names.

/** Lowest standard transaction version. */
export const TX_MIN_STANDARD_VERSION = 1;
/** Highest standard transaction version. */
export const TX_MAX_STANDARD_VERSION = 3;
/** Weight units of a transaction. */
export const MAX_STANDARD_TX_WEIGHT = 400_000;
/** Bytes without witness; 64 bytes can be mistaken for an inner node of a merkle tree (CVE-2017-12842). */
export const MIN_STANDARD_TX_NONWITNESS_SIZE = 65;
/** Bytes; enough for a 15-of-15 P2SH multisig with compressed keys. */
export const MAX_STANDARD_SCRIPTSIG_SIZE = 1650;
/** Signature operations in a P2SH redeem script. */
export const MAX_P2SH_SIGOPS = 15;
/** BIP141 cost of a transaction's signature operations: a fifth of a block's. */
export const MAX_STANDARD_TX_SIGOPS_COST = 16_000;
/** Signature operations that a transaction may execute outside the witness (BIP54). */
export const MAX_TX_LEGACY_SIGOPS = 2500;
/** Minimum weight units counted per unit of signature operation cost. */
export const BYTES_PER_SIGOP = 20;

/** Witness items of a P2WSH input, without the script. */
export const MAX_STANDARD_P2WSH_STACK_ITEMS = 100;
/** Bytes of such an item. */
export const MAX_STANDARD_P2WSH_STACK_ITEM_SIZE = 80;
/** Bytes of a P2WSH script. */
export const MAX_STANDARD_P2WSH_SCRIPT_SIZE = 3600;
/** Bytes of a witness item of a tapscript input. */
export const MAX_STANDARD_TAPSCRIPT_STACK_ITEM_SIZE = 80;

/** Keys of a bare multisig output. */
export const MAX_STANDARD_MULTISIG_KEYS = 3;
/** Dust outputs of a transaction that pays no fee (ephemeral dust). */
export const MAX_DUST_OUTPUTS_PER_TX = 1;

/** Transactions that a replacement may evict (BIP125 rule 5). */
export const MAX_REPLACEMENT_CANDIDATES = 100;
/** Virtual bytes of the extra descendant that the CPFP carve-out allows. */
export const EXTRA_DESCENDANT_TX_SIZE_LIMIT = 10_000;

/** Version of TRUC transactions: topologically restricted until confirmation (BIP431). */
export const TRUC_VERSION = 3;
/** Virtual bytes of a TRUC transaction. */
export const TRUC_MAX_VSIZE = 10_000;
/** Virtual bytes of a TRUC transaction with an unconfirmed ancestor. */
export const TRUC_CHILD_MAX_VSIZE = 1000;
/** In-mempool ancestors, itself included. */
export const TRUC_ANCESTOR_LIMIT = 2;
/** In-mempool descendants, itself included. */
export const TRUC_DESCENDANT_LIMIT = 2;
