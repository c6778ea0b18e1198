import { PierError } from '../platform/errors.ts';

/** Options of bitcoind that messages name, since they are equal to Core's, and what to do in Pier. */
export const coreOptions: Readonly<Record<string, string>> = {
  '-txindex': 'Pier has no -txindex: give the hash of the block that contains the transaction.',
  '-maxtxfee': 'Pier has no -maxtxfee: choose a lower fee rate.',
  '-v2transport': 'A node of Pier has it, unless it was started with --no-v2.',
  '-regtest': 'In Pier, the option is --network regtest.',
  '-rpcwallet': 'With pier rpc, the option is --wallet NAME, before the method.',
};

/** Returns an error whose message names an option of bitcoind with a hint; any other error as it is. */
export function withOptionHint(error: unknown): unknown {
  if (!(error instanceof PierError) || error.hint !== undefined) return error;
  const option = Object.keys(coreOptions).find((name) => error.message.includes(name));
  return option === undefined
    ? error
    : new PierError(error.code, error.message, { hint: coreOptions[option]!, cause: error });
}
