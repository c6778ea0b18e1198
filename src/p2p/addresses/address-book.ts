import type { Clock } from '../../platform/clock.ts';
import { Emitter } from '../../platform/emitter.ts';
import type { Random } from '../../platform/random.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import type { Store } from '../../store/store.ts';
import { type Endpoint, formatEndpoint, isPublic } from '../net/endpoint.ts';
import { AddressManager } from './address-manager.ts';
import { BanList } from './ban-list.ts';
import { Discouraged } from './discouraged.ts';
import { PeersFile } from './peers-file.ts';

/** Modules that an `AddressBook` uses. */
export interface AddressBookModules {
  readonly clock: Clock;
  readonly random: Random;
  /** Persists addresses, anchors and bans; may be shared with the chain. Default: in memory. */
  readonly store?: Store;
}

/** Options of an `AddressBook`. */
export interface AddressBookOptions {
  /**
   * Whether addresses of the internet are used and relayed, besides those of this machine and of private networks;
   * default true.
   */
  readonly publicAddresses?: boolean;
  /** Whether addresses are announced to peers, and learned from them; default true. */
  readonly relaysAddresses?: boolean;
}

/** Events of an address book. */
export type AddressBookEvents = {
  /** A peer announced unknown addresses. */
  learned: undefined;
};

/**
 * A node's data about endpoints: addresses of other nodes (Core: AddrMan), bans and discouraged peers (Core: BanMan),
 * anchors (Core: anchors.dat), and the node's own endpoints. Addresses, anchors and bans are persisted.
 */
export class AddressBook {
  readonly events = new Emitter<AddressBookEvents>();
  readonly addresses: AddressManager;
  readonly bans: BanList;
  readonly discouraged = new Discouraged();
  /** Whether addresses are announced to peers, and learned from them. */
  readonly relaysAddresses: boolean;
  /** Where this node listens, as bound; undefined if it does not. */
  listening: Endpoint | undefined;
  readonly #file: PeersFile;
  /** Secret of the address tables: 32 bytes. */
  readonly #key: Uint8Array;
  /** Endpoints at which this node connected to itself. */
  readonly #own = new Set<string>();
  readonly #publicAddresses: boolean;

  constructor({ clock, random, store = new MemoryStore() }: AddressBookModules, options: AddressBookOptions = {}) {
    this.#publicAddresses = options.publicAddresses ?? true;
    this.relaysAddresses = options.relaysAddresses ?? true;
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

  /** Loads the persisted addresses. If the store has no secret for the address tables, writes a new one. */
  load(): void {
    if (!this.#file.key()) this.#file.setKey(this.#key);
    for (const address of this.#file.addresses()) this.addresses.restore(address);
  }

  /** Block-relay-only peers to reconnect to after a restart (Core: anchors.dat). */
  get anchors(): readonly Endpoint[] {
    return this.#file.anchors();
  }

  set anchors(anchors: readonly Endpoint[]) {
    this.#file.setAnchors(anchors);
  }

  /**
   * Whether an endpoint is discouraged, banned, or public while the network is local: the node neither connects to it of
   * its own accord nor keeps or relays its address.
   */
  isRefused(endpoint: Endpoint): boolean {
    const isOutOfReach = !this.#publicAddresses && isPublic(endpoint.host);
    return isOutOfReach || this.discouraged.has(endpoint) || this.bans.has(endpoint.host);
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

  /** Writes the changed addresses. Rejects if the store fails. */
  flush(): Promise<void> {
    return this.#file.flush();
  }
}
