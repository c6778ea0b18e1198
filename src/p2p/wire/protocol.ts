/** Our protocol version, which is BIP339's (Core: PROTOCOL_VERSION). */
export const PROTOCOL_VERSION = 70016;
/** Peers with an older protocol version are disconnected (Core: MIN_PEER_PROTO_VERSION). */
export const MIN_PEER_PROTOCOL_VERSION = 31800;
/** Protocol version from which peers support `sendheaders` (BIP130). */
export const SENDHEADERS_VERSION = 70012;
/** Protocol version from which peers support `feefilter` (BIP133). */
export const FEEFILTER_VERSION = 70013;
/** Protocol version from which peers support `sendcmpct` (BIP152). */
export const SHORT_IDS_BLOCKS_VERSION = 70014;
/** Our compact block version: short ids are of wtxids (Core: CMPCTBLOCKS_VERSION). */
export const COMPACT_BLOCKS_VERSION = 2n;
/** Protocol version from which peers support `wtxidrelay` (BIP339); as in Core, `sendaddrv2` as well. */
export const WTXID_RELAY_VERSION = 70016;

/** Bytes a payload may have (Core: MAX_PROTOCOL_MESSAGE_LENGTH). */
export const MAX_MESSAGE_LENGTH = 4_000_000;
/** Entries of an `inv`, `getdata` or `notfound` (Core: MAX_INV_SZ). */
export const MAX_INV_ENTRIES = 50_000;
/** Headers in one `headers` message; a full one means that the sender has more (Core: MAX_HEADERS_RESULTS). */
export const MAX_HEADERS = 2_000;
/** Hashes in a locator (Core: MAX_LOCATOR_SZ). */
export const MAX_LOCATOR_HASHES = 101;
/** Filters that one `getcfilters` may request (Core: MAX_GETCFILTERS_SIZE). */
export const MAX_FILTERS = 1_000;
/** Filter hashes in one `cfheaders` (Core: MAX_GETCFHEADERS_SIZE). */
export const MAX_FILTER_HASHES = 2_000;
/** Blocks between two filter headers of a `cfcheckpt` (Core: CFCHECKPT_INTERVAL). */
export const FILTER_CHECKPOINT_INTERVAL = 1_000;
/** Addresses in one `addr` or `addrv2` (Core: MAX_ADDR_TO_SEND). */
export const MAX_ADDRESSES = 1_000;
/** Characters of a user agent (Core: MAX_SUBVERSION_LENGTH). */
export const MAX_USER_AGENT_LENGTH = 256;
/** Blocks in flight from one peer (Core: MAX_BLOCKS_IN_TRANSIT_PER_PEER). */
export const MAX_BLOCKS_IN_FLIGHT = 16;
/**
 * New blocks announced by one `headers`; of more, only the last is announced by `inv` (Core: MAX_BLOCKS_TO_ANNOUNCE).
 */
export const MAX_BLOCKS_TO_ANNOUNCE = 8;

/** Service bits of a `version` or `addr` message (BIP111, BIP144, BIP157, BIP159, BIP324; Core: ServiceFlags). */
export const ServiceFlag = {
  NETWORK: 1n,
  BLOOM: 1n << 2n,
  WITNESS: 1n << 3n,
  COMPACT_FILTERS: 1n << 6n,
  NETWORK_LIMITED: 1n << 10n,
  P2P_V2: 1n << 11n,
} as const;

/** Returns the names of the set service bits, lowest first, as Core's RPC shows them (Core: serviceFlagsToStr). */
export function serviceNames(services: bigint): string[] {
  const names: string[] = [];
  for (let bit = 0n; bit < 64n; bit++) {
    const flag = 1n << bit;
    if ((services & flag) === 0n) continue;
    names.push(Object.entries(ServiceFlag).find(([, value]) => value === flag)?.[0] ?? `UNKNOWN[2^${bit}]`);
  }
  return names;
}

/** Returns whether a peer serves blocks: all of them, or the last 288 (BIP159; Core: CanServeBlocks). */
export function canServeBlocks(services: bigint): boolean {
  return (services & (ServiceFlag.NETWORK | ServiceFlag.NETWORK_LIMITED)) !== 0n;
}

/** Returns whether a peer serves only the last 288 blocks (BIP159; Core: IsLimitedPeer). */
export function isLimited(services: bigint): boolean {
  return canServeBlocks(services) && (services & ServiceFlag.NETWORK) === 0n;
}
