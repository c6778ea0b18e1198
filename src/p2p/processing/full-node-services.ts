import type { Chain } from '../../chain/chain.ts';
import { ServiceFlag } from '../wire/protocol.ts';

/** What a node with the whole chain offers, besides the transport: bits of `ServiceFlag`. */
export function fullNodeServices(
  { bloomFilters = false }: { readonly bloomFilters?: boolean },
  { blockFilters }: Pick<Chain, 'blockFilters'>,
): bigint {
  let services = ServiceFlag.NETWORK | ServiceFlag.WITNESS | ServiceFlag.NETWORK_LIMITED;
  if (blockFilters) services |= ServiceFlag.COMPACT_FILTERS;
  if (bloomFilters) services |= ServiceFlag.BLOOM;
  return services;
}
