import { concatBytes, equalBytes } from '../../bytes/compare.ts';
import { DecodeError } from '../../bytes/errors.ts';
import { ByteReader } from '../../bytes/reader.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import { sha256d } from '../../crypto/hash.ts';
import type { Range, Store, StoreOperation } from '../../store/store.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { formatIp, parseIp } from '../net/ip-address.ts';
import { endpointKey } from '../net/netgroup.ts';
import { MAX_KNOWN_ADDRESSES } from './address-buckets.ts';
import type { Ban } from './ban-list.ts';
import type { KnownAddress } from './known-address.ts';

/** First byte of all keys; the chain's records in the same store have others. */
const PEERS = 0x50; // P
/** Second byte of a key: the kind of record. */
const Kind = { KEY: 0x6b, ADDRESS: 0x61, ANCHORS: 0x6e, BANS: 0x62 } as const;
const CHECKSUM_LENGTH = 4;
const MAX_ANCHORS = 16;
const MAX_BANS = 100_000;

/** The persisted fields of an address. */
export type PersistedAddress = Pick<
  KnownAddress,
  'endpoint' | 'source' | 'services' | 'time' | 'lastTry' | 'lastSuccess' | 'attempts' | 'tried'
>;

/**
 * Persists addresses, anchors and bans in the chain's store (Core: peers.dat, anchors.dat, banlist.json). Each record
 * has a checksum; a damaged record is ignored.
 */
export class PeersFile {
  readonly #store: Store;
  /** Addresses changed since the last `flush`, by record key; undefined for a removed one. */
  #changed = new Map<string, { readonly key: Uint8Array; readonly address: KnownAddress | undefined }>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Returns the 32-byte secret of the address tables. */
  key(): Uint8Array | undefined {
    return this.#read(recordKey(Kind.KEY), (r) => r.bytes(32));
  }

  setKey(key: Uint8Array): void {
    this.#store.writeSync([put(recordKey(Kind.KEY), key)]);
  }

  *addresses(): IterableIterator<PersistedAddress> {
    const range: Range = { gte: recordKey(Kind.ADDRESS), lt: recordKey(Kind.ADDRESS + 1), limit: MAX_KNOWN_ADDRESSES };
    for (const [key, value] of this.#store.entries(range)) {
      const address = decode(key, value, (r) => readAddress(key, r));
      if (address) yield address;
    }
  }

  /** Queues a change for `flush`. */
  addressChanged(address: KnownAddress, isRemoved: boolean): void {
    const suffix = endpointKey(address.endpoint);
    this.#changed.set(suffix.join(), {
      key: recordKey(Kind.ADDRESS, suffix),
      address: isRemoved ? undefined : address,
    });
  }

  /** Writes the addresses changed since the last `flush`. */
  async flush(): Promise<void> {
    if (this.#changed.size === 0) return;
    const changed = this.#changed;
    this.#changed = new Map();
    const operations: StoreOperation[] = [];
    for (const { key, address } of changed.values()) {
      operations.push(address ? put(key, encodeAddress(address)) : { type: 'delete', key });
    }
    await this.#store.write(operations);
  }

  /** Returns the block-relay-only peers to reconnect to after a restart (Core: anchors.dat). */
  anchors(): Endpoint[] {
    return this.#read(recordKey(Kind.ANCHORS), (r) => r.list(readEndpoint, MAX_ANCHORS)) ?? [];
  }

  setAnchors(anchors: readonly Endpoint[]): void {
    if (anchors.length === 0 && this.anchors().length === 0) return;
    const value = new ByteWriter().list(anchors, (w, anchor) => w.bytes(endpointKey(anchor))).finish();
    this.#store.writeSync([put(recordKey(Kind.ANCHORS), value)]);
  }

  bans(): Ban[] {
    return this.#read(recordKey(Kind.BANS), (r) => r.list(readBan, MAX_BANS)) ?? [];
  }

  /** Writes all bans; they are on disk when this returns. */
  setBans(bans: readonly Ban[]): void {
    const value = new ByteWriter()
      .list(bans, (w, { subnet, created, until }) => {
        w.varBytes(subnet.network).u8(subnet.prefixLength).u64(BigInt(created)).u64(BigInt(until));
      })
      .finish();
    this.#store.writeSync([put(recordKey(Kind.BANS), value)]);
  }

  #read<T>(key: Uint8Array, read: (reader: ByteReader) => T): T | undefined {
    const value = this.#store.get(key);
    return value && decode(key, value, read);
  }
}

function recordKey(kind: number, suffix: Uint8Array = new Uint8Array(0)): Uint8Array {
  return concatBytes(Uint8Array.of(PEERS, kind), suffix);
}

function checksum(key: Uint8Array, value: Uint8Array): Uint8Array {
  return sha256d(concatBytes(key, value)).subarray(0, CHECKSUM_LENGTH);
}

function put(key: Uint8Array, value: Uint8Array): StoreOperation {
  return { type: 'put', key, value: concatBytes(value, checksum(key, value)) };
}

/** Decodes a record's value; undefined if the record is damaged. */
function decode<T>(key: Uint8Array, record: Uint8Array, read: (reader: ByteReader) => T): T | undefined {
  const end = Math.max(0, record.length - CHECKSUM_LENGTH);
  const value = record.subarray(0, end);
  if (!equalBytes(record.subarray(end), checksum(key, value))) return undefined;
  try {
    const reader = new ByteReader(value);
    const result = read(reader);
    reader.end();
    return result;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function readEndpoint(reader: ByteReader): Endpoint {
  return { host: formatIp(reader.bytes(16)), port: reader.u16be() };
}

function encodeAddress(address: KnownAddress): Uint8Array {
  const { endpoint, services, time, lastTry, lastSuccess, attempts, tried, source } = address;
  return new ByteWriter(64)
    .u8(tried ? 1 : 0)
    .u64(services)
    .u32(time)
    .u32(Math.floor(lastTry))
    .u32(Math.floor(lastSuccess))
    .u32(attempts)
    .bytes(endpointKey(parseIp(source.host) ? source : endpoint))
    .finish();
}

function readAddress(key: Uint8Array, reader: ByteReader): PersistedAddress {
  return {
    endpoint: readEndpoint(new ByteReader(key, 2)),
    tried: reader.u8() === 1,
    services: reader.u64(),
    time: reader.u32(),
    lastTry: reader.u32(),
    lastSuccess: reader.u32(),
    attempts: reader.u32(),
    source: readEndpoint(reader),
  };
}

function readBan(reader: ByteReader): Ban {
  const network = reader.varBytes(16);
  return {
    subnet: { network, prefixLength: reader.u8() },
    created: Number(reader.u64()),
    until: Number(reader.u64()),
  };
}
