/** Bytes a stack element may have, pushed or from a witness (Core: MAX_SCRIPT_ELEMENT_SIZE). */
export const MAX_SCRIPT_ELEMENT_SIZE = 520;

/** Bytes a script may have, tapscripts excepted (Core: MAX_SCRIPT_SIZE). */
export const MAX_SCRIPT_SIZE = 10_000;

/**
 * Opcodes above OP_16 a script may have, including the public keys of each OP_CHECKMULTISIG that it executes;
 * tapscripts excepted (Core: MAX_OPS_PER_SCRIPT).
 */
export const MAX_OPS_PER_SCRIPT = 201;

/** Public keys an OP_CHECKMULTISIG may have (Core: MAX_PUBKEYS_PER_MULTISIG). */
export const MAX_PUBKEYS_PER_MULTISIG = 20;

/** Elements the stack and the altstack may hold together (Core: MAX_STACK_SIZE). */
export const MAX_STACK_SIZE = 1000;

/** Lock times below this are block heights, others Unix times in seconds (Core: LOCKTIME_THRESHOLD). */
export const LOCKTIME_THRESHOLD = 500_000_000;

/** The first byte of an annex (BIP341). */
export const ANNEX_TAG = 0x50;

/** The bits of a control block's first byte that hold the leaf version (BIP341). */
export const TAPROOT_LEAF_MASK = 0xfe;
/** The leaf version of tapscript (BIP342). */
export const TAPROOT_LEAF_TAPSCRIPT = 0xc0;
/** Bytes of a control block without a merkle path: leaf version with parity, and internal key (BIP341). */
export const TAPROOT_CONTROL_BASE_SIZE = 33;
/** Bytes of a node in the merkle path of a control block (BIP341). */
export const TAPROOT_CONTROL_NODE_SIZE = 32;
/** Nodes the merkle path of a control block may have (BIP341). */
export const TAPROOT_CONTROL_MAX_NODE_COUNT = 128;

/** Weight units that a nonempty signature takes from an input's validation weight (BIP342). */
export const VALIDATION_WEIGHT_PER_SIGOP_PASSED = 50;
/** Weight units of validation weight that an input has in addition to the size of its witness (BIP342). */
export const VALIDATION_WEIGHT_OFFSET = 50;
