import type { ByteReader } from '../../../bytes/reader.ts';
import type { ByteWriter } from '../../../bytes/writer.ts';
import type { Endpoint } from '../../net/endpoint.ts';
import { formatIp, isIpv4Mapped, parseIp, toIpv6Bytes } from '../../net/ip-address.ts';

/** Networks by their number in BIP155. */
export const NetworkId = { IPV4: 1, IPV6: 2, TORV3: 4, I2P: 5, CJDNS: 6 } as const;

/** Where a node can be reached, as the address messages carry it. */
export interface NetAddress {
  /** One of `NetworkId`. */
  readonly network: number;
  /** As many bytes as the network's addresses have. */
  readonly address: Uint8Array;
  readonly port: number;
}

/** A node's address with what is said of the node (BIP155). */
export interface PeerAddress extends NetAddress {
  /** Seconds since the Unix epoch when it was last heard of. */
  readonly time: number;
  readonly services: bigint;
}

/** The address of an endpoint given by IP address; undefined for a host name. */
export function toNetAddress(endpoint: Endpoint): NetAddress | undefined {
  const address = parseIp(endpoint.host);
  if (!address) return undefined;
  return { network: address.length === 4 ? NetworkId.IPV4 : NetworkId.IPV6, address, port: endpoint.port };
}

/** The endpoint of an address over IP; undefined on other networks and for port 0. */
export function toEndpoint({ network, address, port }: NetAddress): Endpoint | undefined {
  if ((network !== NetworkId.IPV4 && network !== NetworkId.IPV6) || port === 0) return undefined;
  return { host: formatIp(address), port };
}

/** The unspecified address, for fields that nobody reads. */
export const NO_ADDRESS: NetAddress = { network: NetworkId.IPV6, address: new Uint8Array(16), port: 0 };

/** Reads the 18 bytes of an IP address and a port in network byte order. */
export function readNetAddress(reader: ByteReader): NetAddress {
  const bytes = reader.bytes(16);
  const port = reader.u16be();
  return isIpv4Mapped(bytes)
    ? { network: NetworkId.IPV4, address: bytes.subarray(12), port }
    : { network: NetworkId.IPV6, address: bytes, port };
}

/** Writes what `readNetAddress` reads; only for IPv4 and IPv6. */
export function writeNetAddress(writer: ByteWriter, address: NetAddress): void {
  writer.bytes(toIpv6Bytes(address.address)).u16be(address.port);
}
