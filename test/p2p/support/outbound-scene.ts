import { AddressBook } from '../../../src/p2p/addresses/address-book.ts';
import { OutboundConnector } from '../../../src/p2p/connections/outbound-connector.ts';
import { type Endpoint, formatEndpoint } from '../../../src/p2p/net/endpoint.ts';
import type { ConnectionType, Peer } from '../../../src/p2p/peer/peer.ts';
import type { MessageProcessor } from '../../../src/p2p/processing/message-processor.ts';
import type { Connection, Transport } from '../../../src/p2p/transport/connection.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { MemoryStore } from '../../../src/store/memory-store.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { flush } from './network.ts';

/** What the connector knows about a peer; a test may change it. */
export interface OutboundPeer {
  readonly id: number;
  readonly type: ConnectionType;
  readonly inbound: boolean;
  readonly target: Endpoint | undefined;
  readonly remote: Endpoint;
  endpoint: Endpoint | undefined;
  isReady: boolean;
  services: bigint;
  /** Why the connector has disconnected it. */
  reason: string | undefined;
  /** Monotonic milliseconds. */
  announcedAt: number;
  isProtected: boolean;
  hasBlocksInFlight: boolean;
}

/** An `OutboundConnector` whose attempts succeed at once, unless `isRefusing`. */
export class OutboundScene {
  readonly clock = new VirtualClock(1_700_000_000_000);
  readonly book: AddressBook;
  readonly connector: OutboundConnector;
  readonly peers: OutboundPeer[] = [];
  /** Each attempt: type, version and endpoint of those that succeeded; the endpoint of others. */
  readonly dials: string[] = [];
  isTipStale = false;
  isRefusing = false;
  #nextId = 0;

  constructor(options: { maxOutbound?: number; maxBlockRelayOnly?: number; v2?: boolean; anchors?: Endpoint[] } = {}) {
    const { maxOutbound = 0, maxBlockRelayOnly = 0, v2 = false, anchors = [] } = options;
    const random = new SeededRandom(1);
    this.book = new AddressBook({ clock: this.clock, random, store: new MemoryStore() });
    this.book.anchors = anchors;
    const transport = {
      connect: async (target: Endpoint) => {
        if (!this.isRefusing) return {} as Connection;
        this.dials.push(formatEndpoint(target));
        throw new Error('refused');
      },
    } as unknown as Transport;
    const of = (peer: Peer) => peer as unknown as OutboundPeer;
    const processor = {
      isTipStale: () => this.isTipStale,
      hasBlocksInFlight: (peer: Peer) => of(peer).hasBlocksInFlight,
      isProtected: (peer: Peer) => of(peer).isProtected,
      lastAnnouncement: (peer: Peer) => of(peer).announcedAt,
    } as unknown as MessageProcessor;
    const modules = { book: this.book, processor, transport, clock: this.clock, random, logger: silentLogger };
    this.connector = new OutboundConnector({ maxOutbound, maxBlockRelayOnly, v2 }, modules, {
      createPeer: (_connection, type, target, version) => {
        this.dials.push(`${type} ${version} ${formatEndpoint(target)}`);
        return this.connect(type, target) as unknown as Peer;
      },
      peers: () => this.peers as unknown as Peer[],
    });
  }

  /** Adds an address with the services NETWORK and WITNESS. */
  know(host: string, services = 9n): Endpoint {
    const endpoint = { host, port: 8333 };
    this.book.addresses.add({ endpoint, services, time: this.clock.now() / 1000 }, endpoint);
    return endpoint;
  }

  /** Adds a connection, as if it had been opened now. */
  connect(type: ConnectionType, endpoint: Endpoint): OutboundPeer {
    const inbound = type === 'inbound';
    const openedAt = this.clock.monotonic();
    const clock = this.clock;
    const peer = {
      ...{ id: this.#nextId++, type, inbound, target: inbound ? undefined : endpoint, endpoint, services: 9n },
      ...{ remote: inbound ? { ...endpoint, port: 50_000 } : endpoint, isReady: true, handshake: { isReady: true } },
      ...{ announcedAt: 0, isProtected: false, hasBlocksInFlight: false, reason: undefined as string | undefined },
      local: { host: '198.51.100.1', port: 40_000 },
      get ageMs() {
        return clock.monotonic() - openedAt;
      },
      isAt: (other: Endpoint) => formatEndpoint(other) === formatEndpoint(endpoint),
      disconnect: (reason: string) => {
        peer.reason = reason;
        this.close(peer as OutboundPeer);
      },
    };
    this.peers.push(peer as OutboundPeer);
    return peer as OutboundPeer;
  }

  close(peer: OutboundPeer): void {
    this.peers.splice(this.peers.indexOf(peer), 1);
    this.connector.peerClosed(peer as unknown as Peer);
  }

  ready(peer: OutboundPeer): void {
    this.connector.peerReady(peer as unknown as Peer);
  }

  /** Lets seconds pass, each with a tick. */
  async pass(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      this.clock.advance(1_000);
      this.connector.tick();
      await flush();
    }
  }

  async start(): Promise<void> {
    this.connector.start();
    await flush();
  }
}
