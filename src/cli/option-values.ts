import type { ChainParams } from '../consensus/params.ts';
import { checkNetworkName } from '../control/control-record.ts';
import { RPC_PORT_OFFSET } from '../node/composition/settings.ts';
import { UsageError } from '../node/composition/usage-error.ts';
import { PierError } from '../platform/errors.ts';
import { AddressError, decodeAddress } from '../script/address.ts';

/** Characters of the shortest address. The checksum of a shorter text says nothing. */
const MIN_ADDRESS_LENGTH = 14;

/** Throws `UsageError` 'bad-address', which names the option, if its value is not an address of the network. */
export function checkAddress(option: string, value: string, { network, address }: ChainParams): void {
  try {
    decodeAddress(value, address);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    const reason = value.length < MIN_ADDRESS_LENGTH || error.code === 'invalid' ? '' : `: ${error.message}`;
    const hint =
      error.hint ??
      `Addresses of ${network} begin with ${address.bech32Hrp}1, for example. 'pier listaddresses' lists those of a node.`;
    throw new UsageError('bad-address', `${option} '${value}' is not an address of ${network}${reason}`, {
      hint,
      cause: error,
    });
  }
}

/** Throws `UsageError` 'bad-name' if `--name` is given and no network can have its value. */
export function checkNameOption(name: string | undefined): void {
  try {
    if (name !== undefined) checkNetworkName(name);
  } catch (error) {
    if (!(error instanceof PierError)) throw error;
    throw new UsageError(error.code, `--name ${error.message}`, { hint: error.hint!, cause: error });
  }
}

/** Returns the first of `count` node ids in a row. Throws `UsageError` 'bad-port', which names the option. */
export function parseBasePort(option: string, value: string, count: number): number {
  const highest = 65_535 - RPC_PORT_OFFSET - (count - 1);
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
  if (port >= 1 && port <= highest) return port;
  throw new UsageError('bad-port', `${option} '${value}' is not a port from 1 to ${highest}`, {
    hint: `The ${count} nodes listen on it and the next ports, and for RPC on ports ${RPC_PORT_OFFSET} higher.`,
  });
}
