/** Bytes that one element may have when it is pushed, or given by a witness. */
export const MAX_SCRIPT_ELEMENT_SIZE = 520;

/** Bytes of a script; tapscript has no such limit. */
export const MAX_SCRIPT_SIZE = 10_000;

/** Opcodes above OP_16 in a script, the keys of OP_CHECKMULTISIG counted too; tapscript has no such limit. */
export const MAX_OPS_PER_SCRIPT = 201;

export const MAX_PUBKEYS_PER_MULTISIG = 20;

/** Elements on the stack and the alternative stack together. */
export const MAX_STACK_SIZE = 1000;

/** Lock times below this are heights, others Unix times. */
export const LOCKTIME_THRESHOLD = 500_000_000;

/** First byte of a Taproot annex (BIP341). */
export const ANNEX_TAG = 0x50;

export const TAPROOT_LEAF_MASK = 0xfe;
export const TAPROOT_LEAF_TAPSCRIPT = 0xc0;
export const TAPROOT_CONTROL_BASE_SIZE = 33;
export const TAPROOT_CONTROL_NODE_SIZE = 32;
export const TAPROOT_CONTROL_MAX_NODE_COUNT = 128;

/** BIP342's budget: what each signature check takes from it, and what every input starts with. */
export const VALIDATION_WEIGHT_PER_SIGOP_PASSED = 50;
export const VALIDATION_WEIGHT_OFFSET = 50;
