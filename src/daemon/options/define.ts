import type { Option, OptionSupport } from '../arguments/option.ts';

/** What an option is besides its name, its value and its help. */
export type Traits = Omit<Partial<Option>, 'name' | 'value' | 'help'>;

/**
 * Returns an option. `usage` is its name and what stands behind it in the help, as `rpcport=<port>`. Without traits it is
 * used, holds in each section, and may be negated and given without a value.
 */
export function option(usage: string, help: string, traits: Traits = {}): Option {
  const end = usage.search(/[=[]/);
  const name = end === -1 ? usage : usage.slice(0, end);
  return { name, ...(end === -1 ? {} : { value: usage.slice(end) }), help, support: 'used', ...traits };
}

/** The support of an option on which nothing depends that a client sees. */
export function ignored(reason: string): { readonly support: OptionSupport } {
  return { support: { ignored: reason } };
}

/** The support of an option whose wish the node cannot fulfil, but for the values that ask for what it does anyway. */
export function refused(reason: string, ...unless: string[]): { readonly support: OptionSupport } {
  return { support: { refused: reason, unless } };
}

/** The trait of options of tests and diagnosis (Core: DEBUG_ONLY). */
export const debugOnly = { isDebugOnly: true } as const;
/** The trait of options that outside of sections hold for the main network only (Core: NETWORK_ONLY). */
export const networkOnly = { isNetworkOnly: true } as const;
