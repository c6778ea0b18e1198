import { DecodeError } from '../../../bytes/errors.ts';
import type { ByteReader } from '../../../bytes/reader.ts';
import { ByteWriter } from '../../../bytes/writer.ts';
import { isIpv4Mapped } from '../../net/ip-address.ts';
import { MAX_ADDRESSES } from '../protocol.ts';
import type { AddrMessage } from './addr.ts';
import { type MessageCodec, readListInSteps, steppedDecoding } from './codec.ts';
import { NetworkId, type PeerAddress } from './net-address.ts';

/** Maximum length of an address in bytes, on any network (BIP155). */
const MAX_ADDRESS_LENGTH = 512;

const lengthOf = new Map<number, number>([
  [NetworkId.IPV4, 4],
  [NetworkId.IPV6, 16],
  [NetworkId.TORV3, 32],
  [NetworkId.I2P, 32],
  [NetworkId.CJDNS, 16],
]);

/** The prefix of OnionCat, fd87:d87e:eb43::/48, which embeds Tor v2 addresses in IPv6. */
const ONION_CAT = [0xfd, 0x87, 0xd8, 0x7e, 0xeb, 0x43];

/** Reads service bits: a compact size of up to 64 bits. */
function readServices(reader: ByteReader): bigint {
  if (reader.input[reader.offset] !== 0xff) return BigInt(reader.compactNumber());
  reader.u8();
  return reader.u64();
}

function writeServices(writer: ByteWriter, services: bigint): void {
  if (services <= 0xffff_ffffn) writer.compactSize(Number(services));
  else writer.u8(0xff).u64(services);
}

/** Reads an address. Returns undefined if BIP155 ignores it: unknown network, or an address embedded in IPv6. */
function readAddress(reader: ByteReader): PeerAddress | undefined {
  const time = reader.u32();
  const services = readServices(reader);
  const network = reader.u8();
  const start = reader.offset;
  const address = reader.varBytes(MAX_ADDRESS_LENGTH);
  const port = reader.u16be();
  const length = lengthOf.get(network);
  if (length === undefined) return undefined;
  if (address.length !== length) {
    throw new DecodeError(
      'invalid',
      start,
      `address of network ${network} has ${address.length} bytes instead of ${length}`,
    );
  }
  if (network === NetworkId.IPV6) {
    if (isIpv4Mapped(address) || ONION_CAT.every((byte, i) => address[i] === byte)) return undefined;
  }
  if (network === NetworkId.CJDNS && address[0] !== 0xfc) return undefined;
  return { time, services, network, address, port };
}

/** Addresses of other nodes, on any network (BIP155). */
export const addrV2: MessageCodec<'addrv2', AddrMessage> = {
  command: 'addrv2',

  encode({ addresses }) {
    return new ByteWriter(3 + 34 * addresses.length)
      .list(addresses, (w, entry) => {
        w.u32(entry.time);
        writeServices(w, entry.services);
        w.u8(entry.network).varBytes(entry.address).u16be(entry.port);
      })
      .finish();
  },

  ...steppedDecoding(function* (reader) {
    const addresses = yield* readListInSteps(reader, readAddress, MAX_ADDRESSES);
    return { addresses: addresses.filter((entry) => entry !== undefined) };
  }),
};
