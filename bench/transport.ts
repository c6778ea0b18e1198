import { regtest } from 'pier/consensus';
import { type Connection, DetectingFraming, type Framing, TcpTransport, V1Framing, V2Framing } from 'pier/p2p';
import { systemRandom } from 'pier/platform';
import { SeededRandom } from 'pier/testing';

/** Payloads: large blocks as in a block download, and small messages as in a synchronised network. */
const KINDS = [
  { name: 'blocks of 1 MB', command: 'block', size: 1_000_000, count: 200 },
  { name: 'messages of 100 bytes', command: 'inv', size: 100, count: 50_000 },
] as const;
/** Messages in flight (Core: MAX_BLOCKS_IN_TRANSIT_PER_PEER). */
const WINDOW = 16;

type Version = 'v1' | 'v2';

/**
 * Sends messages over a loopback connection within this process, alternately with the v1 and the v2 transport (BIP324).
 * Prints megabytes per second of CPU time, for both ends together, and the ratio of v2 to v1.
 */
export async function benchTransport({ rounds }: { readonly rounds: number }): Promise<void> {
  for (const kind of KINDS) {
    const rates: Record<Version, number[]> = { v1: [], v2: [] };
    await measure('v1', { ...kind, count: WINDOW });
    await measure('v2', { ...kind, count: WINDOW });
    for (let round = 0; round < rounds; round++) {
      for (const version of ['v1', 'v2'] as const) rates[version].push(await measure(version, kind));
    }
    const [v1, v2] = [Math.max(...rates.v1), Math.max(...rates.v2)];
    const show = (rate: number) => `${rate.toFixed(rate < 100 ? 1 : 0)} MB/s`;
    console.log(`transport, ${kind.name}: v1 ${show(v1)}, v2 ${show(v2)} (${(v2 / v1).toFixed(2)} of v1)`);
  }
}

function framings(version: Version): { outbound: Framing; inbound: Framing } {
  const { magic } = regtest;
  return version === 'v1'
    ? { outbound: new V1Framing(magic), inbound: new V1Framing(magic) }
    : {
        outbound: new V2Framing({ magic, initiating: true }, systemRandom),
        inbound: new DetectingFraming(magic, systemRandom),
      };
}

async function measure(
  version: Version,
  { command, size, count }: { readonly command: string; readonly size: number; readonly count: number },
): Promise<number> {
  const transport = new TcpTransport();
  const { outbound, inbound } = framings(version);
  const payload = new SeededRandom(1).bytes(size);
  let received = 0;
  let progressed: () => void = () => {};
  const listener = await transport.listen({ host: '127.0.0.1', port: 0 }, (connection) =>
    attach(connection, inbound, () => {
      received++;
      progressed();
    }),
  );
  const connection = await transport.connect(listener.endpoint);
  let opened: () => void = () => {};
  const open = new Promise<void>((resolve) => {
    opened = resolve;
  });
  attach(connection, outbound, () => {}, opened);
  await open;
  const before = process.cpuUsage();
  await new Promise<void>((resolve) => {
    let sent = 0;
    progressed = () => {
      for (; sent < count && sent < received + WINDOW; sent++) {
        for (const part of outbound.frame(command, payload)) connection.send(part);
      }
      if (received === count) resolve();
    };
    progressed();
  });
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  connection.close();
  await listener.close();
  return (size * count) / 1e6 / seconds;
}

function attach(connection: Connection, framing: Framing, deliver: () => void, opened?: () => void): void {
  for (const part of framing.start()) connection.send(part);
  if (framing.isOpen) opened?.();
  connection.onData((chunk) => {
    framing.receive(chunk, deliver, (bytes) => connection.send(bytes));
    if (framing.isOpen) opened?.();
  });
  connection.onClose(() => connection.close());
}
