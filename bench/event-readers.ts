import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ControlAddress,
  type ControlClient,
  type ControlEvent,
  connectControl,
  type LostEvents,
} from 'pier/control';
import { WebSocket } from 'ws';

/** What a reader of events got. */
export interface ReaderReport {
  readonly name: string;
  /** Numbers from the first that it was to get to the last. */
  readonly expected: number;
  readonly received: number;
  /** Numbers that the server said were lost. */
  readonly lost: number;
  /** Numbers that came twice, out of order, or not at all without a word. */
  readonly wrong: number;
  readonly connections: number;
}

/** Milliseconds between two batches of the slow reader. */
const SLOW_MS = 2_000;
/** Milliseconds for which the reader that comes back reads, and is away. */
const STAY_MS = 1_500;
const AWAY_MS = 1_000;

/** Connects to a server which may be too busy to answer at once. */
async function connect(address: ControlAddress): Promise<ControlClient> {
  for (;;) {
    try {
      return await connectControl(address);
    } catch (error) {
      if ((error as { code?: string }).code !== 'no-answer') throw error;
    }
  }
}

/** Checks the numbers of what one reader gets. */
class Tally {
  readonly #name: string;
  readonly #first: number;
  /** The last number that came, or was said to be lost. */
  last: number;
  connections = 1;
  #received = 0;
  #lost = 0;
  #wrong = 0;

  constructor(name: string, number: number) {
    this.#name = name;
    this.#first = number;
    this.last = number;
  }

  take(event: ControlEvent | LostEvents): void {
    const [from, to] = event.type === 'gap' ? [event.from, event.to] : [event.number, event.number];
    if (from !== this.last + 1) this.#wrong += Math.abs(from - this.last - 1);
    this.last = to;
    if (event.type === 'gap') this.#lost += to - from + 1;
    else this.#received++;
  }

  report(): ReaderReport {
    const { connections } = this;
    const expected = this.last - this.#first;
    return { name: this.#name, expected, received: this.#received, lost: this.#lost, wrong: this.#wrong, connections };
  }
}

/** The number of the last event; the server says so at the end. */
let end = Number.POSITIVE_INFINITY;

async function readFast(address: ControlAddress): Promise<ReaderReport> {
  const client = await connect(address);
  const events = await client.events();
  const tally = new Tally('fast', events.number);
  while (tally.last < end)
    for await (const event of events) {
      tally.take(event);
      if (tally.last >= end) break;
    }
  await client.close();
  return tally.report();
}

/** Reads for a while, leaves, and comes back with the last number that it has. */
async function readReturning(address: ControlAddress): Promise<ReaderReport> {
  let tally: Tally | undefined;
  let server = '';
  while (!tally || tally.last < end) {
    const client = await connect(address);
    const events = await client.events(tally ? { after: { server, number: tally.last } } : {});
    if (tally) tally.connections++;
    tally ??= new Tally('returning', events.number);
    ({ server } = events);
    const until = performance.now() + STAY_MS;
    for await (const event of events) {
      tally.take(event);
      if (tally.last >= end || performance.now() > until) break;
    }
    await client.close();
    if (end === Number.POSITIVE_INFINITY) await sleep(AWAY_MS);
  }
  return tally.report();
}

/** Reads a batch now and then, with a socket that takes nothing in between. */
async function readSlowly({ url, token }: ControlAddress): Promise<ReaderReport> {
  const socket = new WebSocket(url, 'pier-control', {
    headers: { Authorization: `Bearer ${token}` },
    perMessageDeflate: false,
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  let tally: Tally | undefined;
  await new Promise<void>((resolve, reject) => {
    socket.once('close', () => reject(new Error('the slow reader is disconnected')));
    socket.on('message', (data) => {
      const { result, params } = JSON.parse(String(data)) as {
        result?: { number: number };
        params?: { events: ControlEvent[]; lost?: { from: number; to: number } };
      };
      if (result) tally = new Tally('slow', result.number);
      if (!params) return;
      if (params.lost) tally!.take({ type: 'gap', ...params.lost });
      for (const event of params.events) tally!.take(event);
      if (tally!.last >= end) return resolve();
      if (end !== Number.POSITIVE_INFINITY) return;
      socket.pause();
      setTimeout(() => socket.resume(), SLOW_MS);
    });
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscribe', params: {} }));
  });
  socket.terminate();
  return tally!.report();
}

/** Reads in a process of its own, so that the memory of readers is not that of the server. */
process.once('message', async (address: ControlAddress) => {
  process.on('message', (number: number) => {
    end = number;
  });
  const reports = await Promise.all([readFast(address), readSlowly(address), readReturning(address)]);
  process.send!(reports, () => process.disconnect());
});
