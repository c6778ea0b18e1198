import { ByteWriter } from '../../../bytes/writer.ts';
import { MAX_ADDRESSES } from '../protocol.ts';
import { type MessageCodec, readListInSteps, steppedDecoding } from './codec.ts';
import { NetworkId, type PeerAddress, readNetAddress, writeNetAddress } from './net-address.ts';

/** The content of `addr` and `addrv2`. */
export interface AddrMessage {
  /** At most MAX_ADDRESSES. */
  readonly addresses: readonly PeerAddress[];
}

/** Whether `addr` can encode an address: IPv4 and IPv6 only. */
export function fitsAddr(address: PeerAddress): boolean {
  return address.network === NetworkId.IPV4 || address.network === NetworkId.IPV6;
}

/** Addresses of other nodes; IPv4 and IPv6 only. */
export const addr: MessageCodec<'addr', AddrMessage> = {
  command: 'addr',

  encode({ addresses }) {
    return new ByteWriter(3 + 30 * addresses.length)
      .list(addresses, (w, entry) => {
        w.u32(entry.time).u64(entry.services);
        writeNetAddress(w, entry);
      })
      .finish();
  },

  ...steppedDecoding(function* (reader) {
    const addresses = yield* readListInSteps(
      reader,
      (r) => ({ time: r.u32(), services: r.u64(), ...readNetAddress(r) }),
      MAX_ADDRESSES,
    );
    return { addresses };
  }),
};
