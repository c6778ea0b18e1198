/** The groups of options, in the order in which the help lists them. */
export const optionGroups = [
  'Options',
  'Connection options',
  'Wallet options',
  'Wallet debugging/testing options',
  'ZeroMQ notification options',
  'Debugging/Testing options',
  'Chain selection options',
  'Node relay options',
  'Block creation options',
  'RPC server options',
] as const;
/** A group of options in the help. */
export type OptionGroup = (typeof optionGroups)[number];

/**
 * What becomes of an option of Bitcoin Core: 'used'; 'ignored' with a warning, because nothing that a client sees depends
 * on it; or 'refused', because the node would not do what its user asks for.
 */
export type OptionSupport =
  | 'used'
  | { readonly ignored: string }
  | {
      readonly refused: string;
      /** Values that ask for what the node does anyway. */
      readonly unless?: readonly string[];
    };

/** An option of the command line and of configuration files. */
export interface Option {
  /** Without the leading hyphen, as `rpcport`. */
  readonly name: string;
  /** What stands behind the name in the help, as `=<port>`; absent for options without a value. */
  readonly value?: string;
  readonly help: string;
  readonly support: OptionSupport;
  /** Whether outside of a section of a configuration file it holds for the main network only (Core: NETWORK_ONLY). */
  readonly isNetworkOnly?: boolean;
  /** Whether `-no<name>` is an error (Core: DISALLOW_NEGATION). */
  readonly isNeverNegated?: boolean;
  /** Whether `-<name>` without `=value` is an error (Core: DISALLOW_ELISION). */
  readonly needsValue?: boolean;
  /** Whether the help lists it with `-help-debug` only (Core: DEBUG_ONLY). */
  readonly isDebugOnly?: boolean;
}

/** Options by their names. */
export type OptionTable = ReadonlyMap<string, Option>;
