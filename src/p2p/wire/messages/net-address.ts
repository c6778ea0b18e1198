import type { ByteReader } from '../../../bytes/reader.ts';
import type { ByteWriter } from '../../../bytes/writer.ts';
import type { Endpoint } from '../../net/endpoint.ts';
import { formatIp, isIpv4Mapped, parseIp, toIpv6Bytes } from '../../net/ip-address.ts';

/** Network ids of BIP155. */
export const NetworkId = { IPV4: 1, IPV6: 2, TORV3: 4, I2P: 5, CJDNS: 6 } as const;

/** A node's address in `version`, `addr` and `addrv2`. */
export interface NetAddress {
  /** One of `NetworkId`. */
  readonly network: number;
  /** Raw bytes; their number depends on the network. */
  readonly address: Uint8Array;
  readonly port: number;
}

/** A relayed address with the node's services and the time it was last seen. */
export interface PeerAddress extends NetAddress {
  /** Unix seconds when the node was last seen. */
  readonly time: number;
  readonly services: bigint;
}

/** Returns the address of an endpoint; undefined for a host name. */
export function toNetAddress(endpoint: Endpoint): NetAddress | undefined {
  const address = parseIp(endpoint.host);
  if (!address) return undefined;
  return { network: address.length === 4 ? NetworkId.IPV4 : NetworkId.IPV6, address, port: endpoint.port };
}

/** Returns the endpoint of an IP address; undefined on other networks and for port 0. */
export function toEndpoint({ network, address, port }: NetAddress): Endpoint | undefined {
  if ((network !== NetworkId.IPV4 && network !== NetworkId.IPV6) || port === 0) return undefined;
  return { host: formatIp(address), port };
}

/** The unspecified address, for unused fields. */
export const NO_ADDRESS: NetAddress = { network: NetworkId.IPV6, address: new Uint8Array(16), port: 0 };

/** Reads an IP address (16 bytes, IPv4 mapped to IPv6) and a port (big-endian). */
export function readNetAddress(reader: ByteReader): NetAddress {
  const bytes = reader.bytes(16);
  const port = reader.u16be();
  return isIpv4Mapped(bytes)
    ? { network: NetworkId.IPV4, address: bytes.subarray(12), port }
    : { network: NetworkId.IPV6, address: bytes, port };
}

/** Writes an IP address in the format of `readNetAddress`. */
export function writeNetAddress(writer: ByteWriter, address: NetAddress): void {
  writer.bytes(toIpv6Bytes(address.address)).u16be(address.port);
}
