import type { ParamsOf } from '../../../control/protocol/methods.ts';
import type { CallNode } from '../stage/node-details.ts';
import type { KnownBlock, Timeline } from '../timeline.ts';

/** What is read of `getminerinfo`. */
export interface MinerInfo {
  readonly running: boolean;
  readonly hashrate: number;
  readonly lastblock?: {
    readonly height: number;
    readonly hash: string;
    readonly hashes: number;
    readonly seconds: number;
  };
  readonly search?: {
    readonly height: number;
    /** 80 bytes, in hex. */
    readonly header: string;
    readonly nonce: number;
    readonly hashes: number;
    readonly seconds: number;
  };
}

/** What is read of `getmininginfo`. */
export interface MiningInfo {
  readonly difficulty: number;
  readonly target: string;
  readonly networkhashps: number;
  readonly next: { readonly difficulty: number; readonly target: string };
}

/** What is read of `getblockheader`. */
interface HeaderResult {
  readonly time: number;
  readonly difficulty: number;
  readonly nonce: number;
}

/** A block of the best chain. */
export interface ChainBlock {
  readonly hash: string;
  readonly height: number;
  /** Seconds since the Unix epoch, as its header says. */
  readonly time: number;
  readonly difficulty: number;
  /** Seconds after the block before it, by the headers; undefined if that is not known. */
  readonly interval: number | undefined;
  /** The node that had it first; undefined if the page was not there. */
  readonly miner: string | undefined;
}

/** How a network's mode of mining is chosen. */
export type ModeKind = 'manual' | 'transactions' | 'interval' | 'poisson';

type MiningMode = NonNullable<ParamsOf<'mining'>['mode']>;

/** Blocks of the chart at most, and headers that are asked for at a time. */
const MAX_CHART = 200;
const ASKED = 8;
/** Headers that are kept. */
const MAX_HEADERS = 1_000;
/** Expected hashes of a block of difficulty 1: 2^48 by 0xffff. */
const HASHES_OF_ONE = 2 ** 48 / 0xffff;

/** Returns the mode of a kind with a number, and the arguments of `pier mining` that set it. */
export function modeOf(kind: ModeKind, number: number): { readonly mode: MiningMode; readonly command: string } {
  if (kind === 'manual') return { mode: 'manual', command: 'pier mining manual' };
  if (kind === 'transactions') return { mode: { transactions: number }, command: `pier mining transactions ${number}` };
  const mode = { interval: number, ...(kind === 'poisson' ? { poisson: true } : {}) };
  return { mode, command: `pier mining ${kind} ${number}` };
}

/** Returns how many headers are hashed on average until one meets the target of a difficulty. */
export function expectedHashes(difficulty: number): number {
  return Math.max(1, Math.round(difficulty * HASHES_OF_ONE));
}

/** Returns a number with a unit's prefix, such as `1.25 M`. */
export function withPrefix(value: number): string {
  const prefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
  const index = Math.min(prefixes.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  return `${Number((value / 1_000 ** index).toPrecision(3))} ${prefixes[index]}`;
}

/** The blocks of the best chain with what their headers say, asked for once each. */
export class ChainHeaders {
  readonly #timeline: Timeline;
  readonly #headers = new Map<string, HeaderResult>();

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** Returns the last blocks that are known at a moment, the oldest first. */
  blocks(time: number): ChainBlock[] {
    const chain = this.#chain(time).reverse();
    return chain.flatMap((block): ChainBlock[] => {
      const header = this.#headers.get(block.hash);
      if (!header) return [];
      const previous = this.#headers.get(block.previous);
      const { hash, height, arrivals } = block;
      const [first] = [...arrivals].sort((a, b) => a[1] - b[1]);
      const interval = previous && header.time - previous.time;
      return [{ hash, height, time: header.time, difficulty: header.difficulty, interval, miner: first?.[0] }];
    });
  }

  /** Asks for the headers that are missing, the newest first. Resolves once some have come; to false if none is missing. */
  async load(call: (hash: string) => Promise<HeaderResult>, time: number): Promise<boolean> {
    const missing = this.#chain(time).filter(({ hash }) => !this.#headers.has(hash));
    const answers = await Promise.all(
      missing.slice(0, ASKED).map(async ({ hash }) => ({ hash, header: await call(hash).catch(() => undefined) })),
    );
    for (const { hash, header } of answers) if (header) this.#headers.set(hash, header);
    while (this.#headers.size > MAX_HEADERS) this.#headers.delete(this.#headers.keys().next().value!);
    return answers.some(({ header }) => header !== undefined);
  }

  /** Returns the highest chain of a node at a moment, the newest block first. */
  #chain(time: number): KnownBlock[] {
    const moments = [...this.#timeline.nodes.keys()].flatMap((name) => this.#timeline.nodeAt(name, time) ?? []);
    const best = moments.reduce((most, moment) => (moment.height > most.height ? moment : most), {
      height: -1,
      tip: '',
    });
    return this.#timeline.chainFrom(best.tip, MAX_CHART);
  }
}

/** Asks the full nodes for their miners, at most `count`; those that are called miners come first. */
export async function askMiners(
  timeline: Timeline,
  session: { readonly call: CallNode },
  count: number,
): Promise<Map<string, MinerInfo>> {
  const nodes = [...timeline.nodes.values()].filter(
    ({ role, moments }) => role !== 'light' && moments.at(-1)?.status === 'running',
  );
  const isMiner = ({ role, moments }: (typeof nodes)[number]) => role === 'miner' || moments.at(-1)!.mining !== null;
  const sorted = [...nodes.filter(isMiner), ...nodes.filter((node) => !isMiner(node))].slice(0, count);
  const answers = await Promise.all(
    sorted.map(async ({ name }) => ({
      name,
      info: await session.call<MinerInfo>(name, 'getminerinfo').catch(() => undefined),
    })),
  );
  return new Map(answers.flatMap(({ name, info }): [string, MinerInfo][] => (info ? [[name, info]] : [])));
}
