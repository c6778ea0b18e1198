import type { Clock } from '../../platform/clock.ts';
import { Emitter } from '../../platform/emitter.ts';
import type { Random } from '../../platform/random.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import type { Store } from '../../store/store.ts';
import { type Endpoint, formatEndpoint } from '../net/endpoint.ts';
import { AddressManager } from './address-manager.ts';
import { BanList } from './ban-list.ts';
import { Discouraged } from './discouraged.ts';
import { PeersFile } from './peers-file.ts';

/** What an address book works with. */
export interface AddressBookModules {
  readonly clock: Clock;
  readonly random: Random;
  /** Persists addresses, anchors and bans; the chain's store will do. Default: in memory. */
  readonly store?: Store;
}

/** Events of an address book. */
export type AddressBookEvents = {
  /** A peer announced addresses that were unknown. */
  learned: undefined;
};

/**
 * All that a node knows about endpoints: addresses of other nodes (Core: AddrMan), bans and discouraged peers (Core:
 * BanMan), anchors (Core: anchors.dat), and which endpoints are its own. Addresses, anchors and bans are persisted.
 */
export class AddressBook {
  readonly events = new Emitter<AddressBookEvents>();
  readonly addresses: AddressManager;
  readonly bans: BanList;
  readonly discouraged = new Discouraged();
  /** Where this node listens, as bound; undefined if it does not. */
  listening: Endpoint | undefined;
  readonly #file: PeersFile;
  /** Secret of the address tables: 32 bytes. */
  readonly #key: Uint8Array;
  /** Endpoints at which this node connected to itself. */
  readonly #own = new Set<string>();

  constructor({ clock, random, store = new MemoryStore() }: AddressBookModules) {
    const file = new PeersFile(store);
    this.#file = file;
    this.#key = file.key() ?? random.bytes(32);
    this.addresses = new AddressManager({
      clock,
      random,
      key: this.#key,
      changed: (address, isRemoved) => file.addressChanged(address, isRemoved),
    });
    this.bans = new BanList(clock, file.bans(), (bans) => file.setBans(bans));
  }

  /** Loads the persisted addresses, and writes the tables' secret if the store has none. */
  load(): void {
    if (!this.#file.key()) this.#file.setKey(this.#key);
    for (const address of this.#file.addresses()) this.addresses.restore(address);
  }

  /** The block-relay-only peers to reconnect to after a restart (Core: anchors.dat). */
  get anchors(): readonly Endpoint[] {
    return this.#file.anchors();
  }

  set anchors(anchors: readonly Endpoint[]) {
    this.#file.setAnchors(anchors);
  }

  /** Whether the node neither connects to an endpoint nor relays its address: discouraged or banned. */
  isRefused(endpoint: Endpoint): boolean {
    return this.discouraged.has(endpoint) || this.bans.has(endpoint.host);
  }

  /** Whether an endpoint is this node. */
  isOwn(endpoint: Endpoint): boolean {
    const key = formatEndpoint(endpoint);
    return this.#own.has(key) || (this.listening !== undefined && formatEndpoint(this.listening) === key);
  }

  /** Marks an endpoint as this node's own, after a connection to itself. */
  addOwn(endpoint: Endpoint): void {
    this.#own.add(formatEndpoint(endpoint));
    this.addresses.remove(endpoint);
  }

  /** Writes the addresses that have changed. Rejects if the store fails. */
  flush(): Promise<void> {
    return this.#file.flush();
  }
}
