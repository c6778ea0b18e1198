import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { connectControl, NetworkControl } from 'pier/control';
import { createNetwork, type NodeNetwork } from 'pier/devnet';
import type { ReaderReport } from './event-readers.ts';
import { median } from './median.ts';
import { SyntheticNetwork } from './synthetic-network.ts';

const NODES = 50;
/** Transactions a second. */
const RATE = 200;
/** Payers at a time: one waits for its node in between. */
const PAYERS = 8;
/** Milliseconds between blocks. */
const BLOCK_MS = 5_000;
/** Milliseconds after which the chain is what it was: memory is the server's, not that of a growing chain. */
const REVERT_MS = 30_000;
/** Milliseconds between two looks at the memory. */
const SAMPLE_MS = 2_000;
/** Milliseconds between two events after the end. */
const WAKE_MS = 200;
/** Last memory by the first at most. */
const MAX_GROWTH = 1.1;

interface Sample {
  readonly seconds: number;
  /** Bytes of the heap and of buffers outside it, after a collection. */
  readonly heap: number;
  readonly rss: number;
}

const mb = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MB`;

/** What is measured. */
interface EventsOptions {
  readonly seconds: number;
  /** Whether nodes make the events; otherwise the control server gets as many as these nodes would make, without them. */
  readonly hasNodes: boolean;
}

/**
 * Runs a network of 50 nodes with payments and blocks, or only their events, and three readers of the events of its control server: a fast one, one
 * that reads a batch now and then, and one that disconnects and comes back. Prints the memory of the process, and what the
 * readers got. Sets the exit code if a target is missed.
 */
export async function benchEvents({ seconds, hasNodes }: EventsOptions): Promise<void> {
  const what = hasNodes ? `events: ${NODES} nodes in this process` : `event-server: the events of ${NODES} nodes`;
  console.log(`${what}, ${RATE} transactions a second, for ${seconds} s`);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const nodes = hasNodes ? await createNetwork({ nodes: NODES, accounts: 50 }) : undefined;
  const recorded = new SyntheticNetwork({ nodes: NODES, rate: RATE });
  const network = nodes ?? recorded.asNetwork;
  const control = await NetworkControl.start(network, { name: 'bench', port: 0 });
  const readers = fork(new URL('event-readers.js', import.meta.url));
  const reports = reportsOf(readers);
  const { url, token } = control;
  readers.send({ url, token });

  const samples: Sample[] = [];
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1_000;
  const timer = setInterval(() => {
    collect();
    const { heapUsed, external, rss } = process.memoryUsage();
    samples.push({ seconds: elapsed(), heap: heapUsed + external, rss });
  }, SAMPLE_MS);
  const sent = await (nodes ? runLoad(nodes, seconds) : recorded.run(seconds));
  clearInterval(timer);
  const time = elapsed();
  const client = await connectControl(control);
  const { number } = await client.events();
  await client.close();
  readers.send(number);
  // A reader looks whether it has all at each event.
  const waking = setInterval(() => (nodes ? nodes.links[0]!.set({}) : recorded.wake()), WAKE_MS);
  const all = await reports;
  clearInterval(waking);
  await control.close();
  await nodes?.close();
  console.log(`  ${(sent / time).toFixed(0)} transactions a second, ${(number / time).toFixed(0)} events a second`);
  const isFlat = printMemory(samples);
  const areRight = all.map(printReader);
  if (!isFlat || areRight.includes(false)) process.exitCode = 1;
}

/** Resolves with what the readers got. Rejects if their process ends before. */
function reportsOf(readers: ChildProcess): Promise<readonly ReaderReport[]> {
  return new Promise((resolve, reject) => {
    readers.once('message', (reports) => resolve(reports as readonly ReaderReport[]));
    readers.once('exit', (code) => reject(new Error(`the readers have ended with exit code ${code}`)));
  });
}

/** Makes payments and blocks, and takes all of them back now and then. Resolves with the number of payments. */
async function runLoad(network: NodeNetwork, seconds: number): Promise<number> {
  const id = await network.snapshot();
  const end = performance.now() + seconds * 1_000;
  let sent = 0;
  for (let seed = 1; performance.now() < end; ) {
    const left = Math.max(1, Math.min(REVERT_MS, end - performance.now())) / 1_000;
    const mined = mineFor(network, left * 1_000);
    const payers = Array.from({ length: PAYERS }, () =>
      network.traffic({ seconds: left, rate: RATE / PAYERS, seed: seed++, types: ['bech32'] }),
    );
    for (const traffic of await Promise.all(payers)) sent += traffic.sent;
    await mined;
    await network.revert(id);
  }
  return sent;
}

/** Lets a node mine, without waiting for the others. */
async function mineFor(network: NodeNetwork, ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() + BLOCK_MS < end) {
    await sleep(BLOCK_MS);
    await network.nodes[0]!.call('generatetoaddress', [1, network.accounts[0]!.address]);
  }
}

/** Prints the memory of the process over time. Returns whether it is flat once the log is full. */
function printMemory(samples: readonly Sample[]): boolean {
  const length = samples.at(-1)!.seconds;
  const window = Math.min(60, length / 4);
  const rows = 12;
  for (let row = 0; row < rows; row++) {
    const part = samples.filter(({ seconds }) => Math.floor((seconds / length) * rows) === row);
    if (part.length === 0) continue;
    const [heap, rss] = [median(part.map((each) => each.heap)), median(part.map((each) => each.rss))];
    console.log(
      `  ${(((row + 1) * length) / rows).toFixed(0).padStart(5)} s   heap ${mb(heap).padStart(8)}   RSS ${mb(rss).padStart(8)}`,
    );
  }
  const warm = length / 4;
  const first = samples.filter(({ seconds }) => seconds > warm && seconds <= warm + window);
  const last = samples.filter(({ seconds }) => seconds > length - window);
  const ratio = (kind: 'heap' | 'rss') =>
    median(last.map((each) => each[kind])) / median(first.map((each) => each[kind]));
  const [heap, rss] = [ratio('heap'), ratio('rss')];
  const target = `at most ${MAX_GROWTH}`;
  console.log(
    `  last ${window.toFixed(0)} s by the first after a warm-up: heap ${heap.toFixed(2)}, RSS ${rss.toFixed(2)}   target: ${target}`,
  );
  return heap <= MAX_GROWTH && rss <= MAX_GROWTH;
}

/** Prints what a reader got. Returns whether each number came once or was reported lost. */
function printReader({ name, expected, received, lost, wrong, connections }: ReaderReport): boolean {
  const mayLose = name === 'slow';
  const isRight = wrong === 0 && received + lost === expected && (mayLose || lost === 0);
  const figures = `${received} of ${expected} events, ${lost} said to be lost, ${wrong} wrong, ${connections} connections`;
  console.log(
    `  ${name.padEnd(10)} ${figures}   target: ${mayLose ? 'received or lost' : 'each once'}${isRight ? '' : ' (missed)'}`,
  );
  return isRight;
}
