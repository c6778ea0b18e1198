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

/** Creates a pre-sync that requires the work of 1,000 regtest blocks. */
function presync(options: Partial<HeadersPresyncOptions> = {}): HeadersPresync {
  return new HeadersPresync({
    ...{ params: regtest, start: startAt(regtest), minimumWork: 1000n * WORK, now: START_TIME + 100_000 },
    ...{ random: new SeededRandom(1), commitmentPeriod: 10, redownloadBufferSize: 300 },
    ...options,
  });
}

/** Sends headers in messages until the phase ends. Returns the results. */
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

describe('HeadersPresync', () => {
  const chain = headerChain(startAt(regtest), 1050);

  it('requests a chain twice, and then accepts it in order', () => {
    const sync = presync();
    const first = send(sync, chain);
    expect(first).toHaveLength(5);
    expect(first.every(({ success, requestMore }) => success && requestMore)).toBe(true);
    expect(accepted(first)).toEqual([]);
    expect(sync).toMatchObject({ phase: 'redownload', presyncHeight: 1000 });
    expect(sync.size).toEqual({ commitments: 100, headers: 0 });
    expect(Buffer.from(sync.lastHash)).toEqual(Buffer.from(startAt(regtest).hash));

    const second = send(sync, chain);
    // 300 headers are buffered until the chain has enough work.
    expect(second.map((result) => result.accepted.length)).toEqual([0, 100, 200, 200, 500]);
    expect(accepted(second)).toEqual(hashes(chain.slice(0, 1000)));
    expect(sync.phase).toBe('done');
  });

  it('accepts a chain that has grown before the redownload', () => {
    const sync = presync({ minimumWork: 900n * WORK });
    send(sync, chain.slice(0, 950));
    expect(sync.phase).toBe('redownload');
    expect(accepted(send(sync, chain))).toEqual(hashes(chain.slice(0, 1000)));
  });

  it('ends if the chain ends with too little work', () => {
    const sync = presync();
    const results = send(sync, chain.slice(0, 990));
    expect(results.at(-1)).toEqual({ success: true, requestMore: false, accepted: [] });
    expect(sync).toMatchObject({ phase: 'done', presyncHeight: 990 });
  });

  it('ends if the redownloaded chain ends with too little work', () => {
    const sync = presync();
    send(sync, chain);
    const results = send(sync, chain.slice(0, 990));
    expect(results.at(-1)).toMatchObject({ success: true, requestMore: false });
    // Headers followed by a full buffer of matching ones were accepted.
    expect(accepted(results)).toEqual(hashes(chain.slice(0, 690)));
  });

  it('rejects another chain in the redownload', () => {
    for (let seed = 0; seed < 20; seed++) {
      const sync = presync({ random: new SeededRandom(seed) });
      send(sync, chain);
      const results = send(sync, headerChain(startAt(regtest), 1050, { tag: 1 }));
      expect(results.at(-1)!.success).toBe(false);
      expect(accepted(results)).toEqual([]);
      expect(sync.phase).toBe('done');
    }
  });

  it('rejects a chain that diverges during the redownload', () => {
    const sync = presync();
    send(sync, chain);
    const other = [...chain.slice(0, 500), ...headerChain(fields(chain[499]!), 550, { tag: 1 })];
    const results = send(sync, other);
    expect(results.at(-1)!.success).toBe(false);
    expect(accepted(results)).toEqual(hashes(chain.slice(0, accepted(results).length)));
  });

  it('rejects non-continuous messages', () => {
    const sync = presync();
    expect(sync.process(chain.slice(0, 200), true).success).toBe(true);
    expect(sync.process(chain.slice(201, 401), true)).toEqual({ success: false, requestMore: false, accepted: [] });
    expect(sync.phase).toBe('done');
  });

  it('limits commitments to the longest possible chain', () => {
    // Six blocks a second for the two hours by which a block may be in the future: 43,200 blocks, one bit per ten.
    const sync = presync({ now: START_TIME, minimumWork: 1_000_000n * WORK });
    let tip = { ...startAt(regtest) } as { hash: Uint8Array; time: number; bits: number };
    let processed = 0;
    for (;;) {
      const headers = headerChain(tip, MESSAGE);
      tip = fields(headers.at(-1)!);
      if (!sync.process(headers, true).success) break;
      processed += MESSAGE;
    }
    expect(processed).toBe(43_200);
    expect(sync.size.commitments).toBeLessThanOrEqual(4321);
  });

  it('rejects a difficulty transition that is not permitted', () => {
    const main = chainParams('main');
    const start = startAt(main);
    const header = (bits: number) => [...headerChain({ ...fieldsOf(start), bits }, 1)];
    const isPermitted = (bits: number) => presync({ params: main, start }).process(header(bits), true).success;
    expect(isPermitted(0x1d00ffff)).toBe(true);
    expect(isPermitted(0x1c7fffff)).toBe(false);
    // At the end of a period, the target may shrink to a fourth.
    const last = Object.assign(new TestHeader({ time: START_TIME, bits: 0x1d00ffff, height: 2015 }), { chainwork: 0n });
    const atEnd = (bits: number) =>
      presync({ params: main, start: last }).process(headerChain({ ...fieldsOf(last), bits }, 1), true).success;
    expect(atEnd(0x1c3fffc0)).toBe(true);
    expect(atEnd(0x1c3fffbf)).toBe(false);
  });

  it('rejects such a transition in the redownload as well', () => {
    const main = chainParams('main');
    const start = startAt(main);
    const honest = headerChain(start, 1050);
    const sync = presync({ params: main, start, minimumWork: 1000n * blockWork(0x1d00ffff) });
    send(sync, honest);
    expect(sync.phase).toBe('redownload');
    const strong = headerChain({ ...fieldsOf(start), bits: 0x1b00ffff }, 1);
    expect(sync.process(strong, true)).toEqual({ success: false, requestMore: false, accepted: [] });
  });

  it('restores buffered headers byte for byte', () => {
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
