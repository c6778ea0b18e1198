/** How a link carries bytes. */
export interface LinkConditions {
  /** Milliseconds from one end to the other. */
  readonly latency: number;
  /** Milliseconds added at random, up to this, to each delivery; bytes stay in order. */
  readonly jitter: number;
  /** Share of lost packets, 0 to below 1. TCP sends them again, so that a loss is a delay. */
  readonly loss: number;
  /** Bytes a second in each direction; 0: no limit. */
  readonly bandwidth: number;
}

/** A link that delivers at once. */
export const idealLink: LinkConditions = { latency: 0, jitter: 0, loss: 0, bandwidth: 0 };

/** Bytes of a packet on an Ethernet link. */
const PACKET_BYTES = 1_460;
/** Milliseconds before TCP sends a lost packet again (RFC 6298: at least a second; Linux: 200 ms). */
const RETRANSMISSION_MS = 200;

/** Returns the milliseconds that `bytes` occupy a link. */
export function transmissionMs({ bandwidth }: LinkConditions, bytes: number): number {
  return bandwidth === 0 ? 0 : (bytes * 1_000) / bandwidth;
}

/** Returns the milliseconds from sending to arrival; `random` returns numbers from 0 to below 1. */
export function deliveryMs({ latency, jitter, loss }: LinkConditions, bytes: number, random: () => number): number {
  let delay = latency + (jitter === 0 ? 0 : jitter * random());
  if (loss === 0) return delay;
  for (let packets = Math.ceil(bytes / PACKET_BYTES); packets > 0; packets--) {
    while (random() < loss) delay += RETRANSMISSION_MS + latency;
  }
  return delay;
}
