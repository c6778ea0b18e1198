import { feedEventTypes } from '../../devnet/network/events/feed-event-types.ts';
import type { NodeNetwork } from '../../devnet/network/node-network.ts';
import type { Clock, Timer } from '../../platform/clock.ts';
import type { EventType, StepEvent } from '../protocol/events.ts';
import { EventLog, type EventLogOptions } from './event-log.ts';

/** Types of events that are many, or cost nodes time: they are logged only while a client wants them. */
const ON_DEMAND: ReadonlySet<EventType> = new Set(['message', 'arrival', 'wallet', 'log']);
/** Milliseconds for which they are logged on after the client has left: it may come back. */
const LINGER_MS = 60_000;

/** The events of a network, in a log. */
export class EventSource {
  /** Names this run of the server, whose numbers begin at 1. */
  readonly id: string;
  readonly log: EventLog;
  readonly #network: Pick<NodeNetwork, 'follow'>;
  readonly #clock: Clock;
  readonly #always: () => void;
  readonly #offs = new Map<EventType, () => void>();
  /** Number of subscriptions to each type on demand. */
  readonly #wanted = new Map<EventType, number>();
  readonly #lingering = new Map<EventType, Timer>();
  #isClosed = false;

  constructor(
    network: Pick<NodeNetwork, 'follow'>,
    clock: Clock,
    { id, ...options }: EventLogOptions & { readonly id: string },
  ) {
    this.id = id;
    this.#network = network;
    this.#clock = clock;
    this.log = new EventLog(options);
    const always = feedEventTypes.filter((type) => !ON_DEMAND.has(type));
    this.#always = network.follow(always, (event) => this.log.add(event, clock.now()));
  }

  /** Logs what the owner of the network reports. */
  report(event: StepEvent): void {
    this.log.add(event, this.#clock.now());
  }

  /** Logs events of the given types from now on. Returns a function that ends it. */
  follow(types: ReadonlySet<EventType>): () => void {
    const onDemand = feedEventTypes.filter((type) => ON_DEMAND.has(type) && types.has(type));
    for (const type of onDemand) {
      this.#wanted.set(type, (this.#wanted.get(type) ?? 0) + 1);
      this.#lingering.get(type)?.cancel();
      this.#start(type);
    }
    return () => {
      for (const type of onDemand) this.#leave(type);
    };
  }

  /** Logs no more events. */
  close(): void {
    this.#isClosed = true;
    for (const timer of this.#lingering.values()) timer.cancel();
    this.#always();
    for (const off of this.#offs.values()) off();
    this.#offs.clear();
  }

  #start(type: (typeof feedEventTypes)[number]): void {
    if (this.#isClosed || this.#offs.has(type)) return;
    this.#offs.set(
      type,
      this.#network.follow([type], (event) => {
        // The followers of the other types report it.
        if (event.type !== 'lost') this.log.add(event, this.#clock.now());
      }),
    );
  }

  #leave(type: EventType): void {
    const left = this.#wanted.get(type)! - 1;
    this.#wanted.set(type, left);
    if (left > 0 || this.#isClosed) return;
    this.#lingering.get(type)?.cancel();
    const timer = this.#clock.after(LINGER_MS, () => {
      this.#offs.get(type)?.();
      this.#offs.delete(type);
    });
    this.#lingering.set(type, timer);
  }
}
