/** The protocol version that we speak: the one of BIP339 (Core: PROTOCOL_VERSION). */
export const PROTOCOL_VERSION = 70016;
/** Peers older than this are refused (Core: MIN_PEER_PROTO_VERSION). */
export const MIN_PEER_PROTOCOL_VERSION = 31800;
/** BIP130: `sendheaders`. */
export const SENDHEADERS_VERSION = 70012;
/** BIP133: `feefilter`. */
export const FEEFILTER_VERSION = 70013;
/** BIP152: `sendcmpct`. */
export const SHORT_IDS_BLOCKS_VERSION = 70014;
/** The version of compact blocks that we speak: short ids by wtxid. */
export const COMPACT_BLOCKS_VERSION = 2n;
/** BIP339: `wtxidrelay`; Core offers `sendaddrv2` from here on, too. */
export const WTXID_RELAY_VERSION = 70016;

/** No payload may be longer, in bytes (Core: MAX_PROTOCOL_MESSAGE_LENGTH). */
export const MAX_MESSAGE_LENGTH = 4_000_000;
/** Entries of an `inv`, `getdata` or `notfound` (Core: MAX_INV_SZ). */
export const MAX_INV_ENTRIES = 50_000;
/** Headers in one message; as many mean that there are more (Core: MAX_HEADERS_RESULTS). */
export const MAX_HEADERS = 2_000;
/** Hashes in a locator (Core: MAX_LOCATOR_SZ). */
export const MAX_LOCATOR_HASHES = 101;
/** Filters that one `getcfilters` may ask for (Core: MAX_GETCFILTERS_SIZE). */
export const MAX_FILTERS = 1_000;
/** Filter hashes in one `cfheaders` (Core: MAX_GETCFHEADERS_SIZE). */
export const MAX_FILTER_HASHES = 2_000;
/** Blocks from one filter header of a `cfcheckpt` to the next (Core: CFCHECKPT_INTERVAL). */
export const FILTER_CHECKPOINT_INTERVAL = 1_000;
/** Addresses in one `addr` or `addrv2` (Core: MAX_ADDR_TO_SEND). */
export const MAX_ADDRESSES = 1_000;
/** Characters of a user agent (Core: MAX_SUBVERSION_LENGTH). */
export const MAX_USER_AGENT_LENGTH = 256;
/** Blocks asked of one peer at a time (Core: MAX_BLOCKS_IN_TRANSIT_PER_PEER). */
export const MAX_BLOCKS_IN_FLIGHT = 16;
/** New blocks announced at once by their headers; more are left to the peer to ask for (Core: MAX_BLOCKS_TO_ANNOUNCE). */
export const MAX_BLOCKS_TO_ANNOUNCE = 8;

/** What a node offers, as bits of its `services` (BIP111, BIP144, BIP157, BIP159, BIP324). */
export const ServiceFlag = {
  NETWORK: 1n,
  BLOOM: 1n << 2n,
  WITNESS: 1n << 3n,
  COMPACT_FILTERS: 1n << 6n,
  NETWORK_LIMITED: 1n << 10n,
  P2P_V2: 1n << 11n,
} as const;

/** The names of the bits that are set, lowest first, as Core's RPC shows them. */
export function serviceNames(services: bigint): string[] {
  const names: string[] = [];
  for (let bit = 0n; bit < 64n; bit++) {
    const flag = 1n << bit;
    if ((services & flag) === 0n) continue;
    names.push(Object.entries(ServiceFlag).find(([, value]) => value === flag)?.[0] ?? `UNKNOWN[2^${bit}]`);
  }
  return names;
}

/** Whether a peer can send blocks at all: all of them, or the last 288 (BIP159). */
export function canServeBlocks(services: bigint): boolean {
  return (services & (ServiceFlag.NETWORK | ServiceFlag.NETWORK_LIMITED)) !== 0n;
}

/** Whether a peer keeps only the last blocks (BIP159). */
export function isLimited(services: bigint): boolean {
  return canServeBlocks(services) && (services & ServiceFlag.NETWORK) === 0n;
}
