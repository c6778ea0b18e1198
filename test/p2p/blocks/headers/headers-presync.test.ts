import { describe, expect, it } from 'vitest';
import { type ChainParams, chainParams, regtest } from '../../../../src/consensus/params.ts';
import { blockWork } from '../../../../src/consensus/pow.ts';
import {
  HeadersPresync,
  type HeadersPresyncOptions,
  type PresyncResult,
} from '../../../../src/p2p/blocks/headers/headers-presync.ts';
import type { BlockHeader } from '../../../../src/primitives/header.ts';
import { SeededRandom } from '../../../../src/testing/seeded-random.ts';
import { TestHeader } from '../../../consensus/support/headers.ts';
import { headerChain } from '../../support/headers.ts';

const MESSAGE = 200;
const START_TIME = 1_600_000_000;
const WORK = blockWork(0x207fffff);

function startAt(params: ChainParams): HeadersPresyncOptions['start'] {
  const header = new TestHeader({ time: START_TIME, bits: params.genesis.header.bits });
  return Object.assign(header, { chainwork: 0n });
}

/** Of a chain that needs the work of 1,000 of regtest's blocks. */
function presync(options: Partial<HeadersPresyncOptions> = {}): HeadersPresync {
  return new HeadersPresync({
    ...{ params: regtest, start: startAt(regtest), minimumWork: 1000n * WORK, now: START_TIME + 100_000 },
    ...{ random: new SeededRandom(1), commitmentPeriod: 10, redownloadBufferSize: 300 },
    ...options,
  });
}

/** Sends headers in messages until they end or no more are wanted; returns the results. */
function send(sync: HeadersPresync, headers: readonly BlockHeader[]): PresyncResult[] {
  const results: PresyncResult[] = [];
  for (let from = 0; ; from += MESSAGE) {
    const message = headers.slice(from, from + MESSAGE);
    const { phase } = sync;
    const result = sync.process(message, message.length === MESSAGE);
    results.push(result);
    if (!result.requestMore || sync.phase !== phase) return results;
  }
}

const hashes = (headers: readonly BlockHeader[]) => headers.map(({ hashHex }) => hashHex);
const accepted = (results: readonly PresyncResult[]) => results.flatMap((result) => hashes(result.accepted));

describe('a chain of headers that has yet to show its work', () => {
  const chain = headerChain(startAt(regtest), 1050);

  it('is fetched twice, and then given out whole and in order', () => {
    const sync = presync();
    const first = send(sync, chain);
    expect(first).toHaveLength(5);
    expect(first.every(({ success, requestMore }) => success && requestMore)).toBe(true);
    expect(accepted(first)).toEqual([]);
    expect(sync).toMatchObject({ phase: 'redownload', presyncHeight: 1000 });
    expect(sync.size).toEqual({ commitments: 100, headers: 0 });
    expect(Buffer.from(sync.lastHash)).toEqual(Buffer.from(startAt(regtest).hash));

    const second = send(sync, chain);
    // They wait until 300 more have come, and no longer once they have shown the work.
    expect(second.map((result) => result.accepted.length)).toEqual([0, 100, 200, 200, 500]);
    expect(accepted(second)).toEqual(hashes(chain.slice(0, 1000)));
    expect(sync.phase).toBe('done');
  });

  it('may grow between the two times', () => {
    const sync = presync({ minimumWork: 900n * WORK });
    send(sync, chain.slice(0, 950));
    expect(sync.phase).toBe('redownload');
    expect(accepted(send(sync, chain))).toEqual(hashes(chain.slice(0, 1000)));
  });

  it('is let go if it ends before', () => {
    const sync = presync();
    const results = send(sync, chain.slice(0, 990));
    expect(results.at(-1)).toEqual({ success: true, requestMore: false, accepted: [] });
    expect(sync).toMatchObject({ phase: 'done', presyncHeight: 990 });
  });

  it('is let go if it ends before at the second time', () => {
    const sync = presync();
    send(sync, chain);
    const results = send(sync, chain.slice(0, 990));
    expect(results.at(-1)).toMatchObject({ success: true, requestMore: false });
    // What agreed with the bits for long enough was given out.
    expect(accepted(results)).toEqual(hashes(chain.slice(0, 690)));
  });

  it('must be the same at the second time: another one is not given out', () => {
    for (let seed = 0; seed < 20; seed++) {
      const sync = presync({ random: new SeededRandom(seed) });
      send(sync, chain);
      const results = send(sync, headerChain(startAt(regtest), 1050, { tag: 1 }));
      expect(results.at(-1)!.success).toBe(false);
      expect(accepted(results)).toEqual([]);
      expect(sync.phase).toBe('done');
    }
  });

  it('must not turn away from it later, either', () => {
    const sync = presync();
    send(sync, chain);
    const other = [...chain.slice(0, 500), ...headerChain(fields(chain[499]!), 550, { tag: 1 })];
    const results = send(sync, other);
    expect(results.at(-1)!.success).toBe(false);
    expect(accepted(results)).toEqual(hashes(chain.slice(0, accepted(results).length)));
  });

  it('must go on where it ended', () => {
    const sync = presync();
    expect(sync.process(chain.slice(0, 200), true).success).toBe(true);
    expect(sync.process(chain.slice(201, 401), true)).toEqual({ success: false, requestMore: false, accepted: [] });
    expect(sync.phase).toBe('done');
  });

  it('takes no more memory than a chain could be long by now', () => {
    // Six blocks a second for the two hours that a block may be ahead: 43,200 blocks, a bit for every tenth.
    const sync = presync({ now: START_TIME, minimumWork: 1_000_000n * WORK });
    let tip = { ...startAt(regtest) } as { hash: Uint8Array; time: number; bits: number };
    let taken = 0;
    for (;;) {
      const headers = headerChain(tip, MESSAGE);
      tip = fields(headers.at(-1)!);
      if (!sync.process(headers, true).success) break;
      taken += MESSAGE;
    }
    expect(taken).toBe(43_200);
    expect(sync.size.commitments).toBeLessThanOrEqual(4321);
  });

  it('is let go for a difficulty that cannot be', () => {
    const main = chainParams('main');
    const start = startAt(main);
    const header = (bits: number) => [...headerChain({ ...fieldsOf(start), bits }, 1)];
    const take = (bits: number) => presync({ params: main, start }).process(header(bits), true).success;
    expect(take(0x1d00ffff)).toBe(true);
    expect(take(0x1c7fffff)).toBe(false);
    // A fourth of the target is the most that the end of a period may bring.
    const last = Object.assign(new TestHeader({ time: START_TIME, bits: 0x1d00ffff, height: 2015 }), { chainwork: 0n });
    const atEnd = (bits: number) =>
      presync({ params: main, start: last }).process(headerChain({ ...fieldsOf(last), bits }, 1), true).success;
    expect(atEnd(0x1c3fffc0)).toBe(true);
    expect(atEnd(0x1c3fffbf)).toBe(false);
  });

  it('is checked for that at the second time, too', () => {
    const main = chainParams('main');
    const start = startAt(main);
    const honest = headerChain(start, 1050);
    const sync = presync({ params: main, start, minimumWork: 1000n * blockWork(0x1d00ffff) });
    send(sync, honest);
    expect(sync.phase).toBe('redownload');
    const strong = headerChain({ ...fieldsOf(start), bits: 0x1b00ffff }, 1);
    expect(sync.process(strong, true)).toEqual({ success: false, requestMore: false, accepted: [] });
  });

  it('comes out of the buffer byte for byte', () => {
    const sync = presync({ redownloadBufferSize: 800 });
    send(sync, chain);
    sync.process(chain.slice(0, 200), true);
    sync.process(chain.slice(200, 400), true);
    expect(sync.size.headers).toBe(400);
    sync.process(chain.slice(400, 600), true);
    sync.process(chain.slice(600, 800), true);
    const { accepted: rest } = sync.process(chain.slice(800, 1000), true);
    expect(rest.map((header) => Buffer.from(header.encode()).toString('hex'))).toEqual(
      chain.slice(0, 1000).map((header) => Buffer.from(header.encode()).toString('hex')),
    );
  });
});

function fields({ hash, time, bits }: BlockHeader): { hash: Uint8Array; time: number; bits: number } {
  return { hash, time, bits };
}

function fieldsOf({ hash, time, bits }: TestHeader): { hash: Uint8Array; time: number; bits: number } {
  return { hash, time, bits };
}
