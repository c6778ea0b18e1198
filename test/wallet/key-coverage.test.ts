import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import type { BlockIndex } from '../../src/chain/tree/block-index.ts';
import { randomInt } from '../../src/platform/random.ts';
import type { HeaderChain } from '../../src/spv/header-chain.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { KeyCoverage } from '../../src/wallet/light/key-coverage.ts';
import type { SyncRecord } from '../../src/wallet/records.ts';
import type { Wallet } from '../../src/wallet/wallet.ts';

/** A wallet that has keys and a sync state, and nothing else. */
class KeysOnly {
  readonly record: { birthday: number };
  readonly counts = [3, 3];
  syncedTo: SyncRecord | undefined;
  /** Heights of payments, by script. */
  readonly paid = new Map<string, number>();

  constructor(birthday = 0) {
    this.record = { birthday };
  }

  get watchedCount(): number {
    return this.counts[0]! + this.counts[1]!;
  }

  watchedCounts(): number[] {
    return [...this.counts];
  }

  watchedScripts(beyond: readonly number[] = []): Uint8Array[] {
    return this.counts.flatMap((count, chain) => {
      const scripts: Uint8Array[] = [];
      for (let i = beyond[chain] ?? 0; i < count; i++) scripts.push(Uint8Array.of(chain, i, i >>> 8));
      return scripts;
    });
  }

  scriptsPaidAt(height: number): Uint8Array[] {
    return [...this.paid]
      .filter(([, at]) => at === height)
      .map(([script]) => Uint8Array.from(Buffer.from(script, 'hex')));
  }

  synced(sync: SyncRecord): [] {
    // As read from the file.
    this.syncedTo = JSON.parse(JSON.stringify(sync)) as SyncRecord;
    return [];
  }
}

/** Scans blocks as the scanners of light nodes do, and records when each was matched with which script. */
class Scan {
  readonly wallet: KeysOnly;
  readonly #old = new Set<unknown>();
  readonly #index = new Map<number, BlockIndex>();
  coverage: KeyCoverage;
  /** Of each block of the active chain: when it was matched last, by script. */
  blocks: Map<string, number>[] = [new Map()];
  /** Payments found: when, in which block, to which script. */
  readonly found: { time: number; block: Map<string, number>; script: string }[] = [];
  /** Matches of a block with a script that it had been matched with, without reason. */
  wasted = 0;
  pointer = 0;
  #time = 0;

  /** With `old`, the wallet knows so many blocks from before it was closed. */
  constructor(wallet = new KeysOnly(), old = 0) {
    this.wallet = wallet;
    this.extend(old);
    for (const block of this.blocks) this.#old.add(block);
    if (old > 0) wallet.syncedTo = { height: old, locator: [] };
    this.coverage = this.#open();
    if (!wallet.syncedTo) this.coverage.start(this.#at(0));
    if (old > 0) this.crash();
  }

  #open(): KeyCoverage {
    const chain = { atHeight: (height: number) => this.#at(height), locator: () => [] };
    return new KeyCoverage(this.wallet as unknown as Wallet, chain as unknown as HeaderChain);
  }

  #at(height: number): BlockIndex {
    const index = this.#index.get(height) ?? ({ height } as BlockIndex);
    this.#index.set(height, index);
    return index;
  }

  get tip(): number {
    return this.blocks.length - 1;
  }

  get pass(): SyncRecord['pass'] {
    return this.wallet.syncedTo!.pass;
  }

  extend(count: number): void {
    for (let i = 0; i < count; i++) this.blocks.push(new Map());
  }

  /** Watches more keys on a chain. */
  grow(chain: number, count = 1): void {
    this.wallet.counts[chain]! += count;
  }

  crash(): void {
    this.coverage = this.#open();
    this.coverage.resume();
    this.pointer = this.coverage.position;
  }

  reorganise(fork: number, length: number): void {
    this.blocks.splice(fork + 1);
    this.extend(length);
    for (const [script, height] of this.wallet.paid) if (height > fork) this.wallet.paid.delete(script);
    this.coverage.rewindTo(this.#at(fork));
    this.pointer = Math.min(this.pointer, fork);
  }

  /** Decides where the scan continues. Returns whether there is a block to scan. */
  resume(isCurrent = true): boolean {
    for (;;) {
      const { coverage } = this;
      coverage.scanned(this.#at(this.pointer));
      coverage.noteKeys(this.pointer);
      if (this.pointer === this.tip) coverage.settle(isCurrent);
      const { position } = coverage;
      const next = position < this.pointer ? position : Math.min(coverage.nextAfter(this.pointer) - 1, this.tip);
      if (next === this.pointer) return next < this.tip;
      this.pointer = next;
    }
  }

  /** Matches the next block. */
  match(): string[] {
    const scripts = this.coverage.scripts(this.pointer + 1).map(toHex);
    const block = this.blocks[this.pointer + 1]!;
    const found = new Set(this.pass?.found);
    this.#time++;
    for (const script of scripts) {
      if (block.has(script) && !found.has(script)) this.wasted++;
      block.set(script, this.#time);
    }
    return scripts;
  }

  /** Ends a block, in which payments to these scripts were found and keys were added. */
  finish(payees: readonly string[] = [], added: readonly number[] = []): void {
    this.pointer++;
    const block = this.blocks[this.pointer]!;
    for (const script of payees) {
      this.wallet.paid.set(script, this.pointer);
      this.found.push({ time: this.#time, block, script });
    }
    for (const chain of added) this.grow(chain);
    if (payees.length + added.length === 0) return;
    this.coverage.found(this.#at(this.pointer));
    this.coverage.scanned(this.#at(this.pointer));
  }

  /** Ends a block of which the payments are known. */
  finishKnown(): void {
    this.coverage.found(this.#at(this.pointer));
    this.coverage.scanned(this.#at(this.pointer));
  }

  /** Returns what the scan has missed: heights and scripts. */
  missed(): string[] {
    const missed: string[] = [];
    const scripts = this.wallet.watchedScripts().map(toHex);
    for (const [height, block] of this.blocks.entries()) {
      if (this.#old.has(block)) continue;
      for (const script of scripts) if (!block.has(script)) missed.push(`${height} ${script}`);
    }
    for (const { time, block, script } of this.found) {
      const height = this.blocks.indexOf(block);
      if (height < 0) continue;
      for (const later of this.blocks.slice(height + 1)) {
        // A spend is recognised once the coin is known.
        if (later.get(script)! <= time) missed.push(`${this.blocks.indexOf(later)} after the payment to ${script}`);
      }
    }
    return missed;
  }

  /** Returns the heights matched until the scan is done, with the number of scripts of each. */
  run(): string[] {
    const log: string[] = [];
    while (this.resume()) {
      const scripts = this.match();
      log.push(`${this.pointer + 1}:${scripts.length}`);
      this.finish();
    }
    return log;
  }
}

describe('the coverage of keys', () => {
  it('matches earlier blocks with new keys only, up to the block that has added them', () => {
    const scan = new Scan();
    scan.extend(6);
    for (let height = 1; height <= 6; height++) {
      scan.resume();
      expect(scan.match()).toHaveLength(height > 4 ? 8 : height > 3 ? 7 : 6);
      scan.finish([], { 3: [0], 4: [1] }[height]);
    }
    expect(scan.run()).toEqual(['1:2', '2:2', '3:2', '4:1']);
    expect(scan.missed()).toEqual([]);
    expect(scan.pass).toBeUndefined();
  });

  it('says which block after any height is to be matched next', () => {
    const scan = new Scan();
    scan.extend(6);
    for (let height = 1; height <= 6; height++) {
      scan.resume();
      scan.match();
      scan.finish([], height === 4 ? [0] : []);
    }
    const next = () => [0, 2, 3, 4, 6, 8].map((height) => scan.coverage.nextAfter(height));
    expect([scan.coverage.position, ...next()]).toEqual([5, 6, 6, 6, 6, 7, 9]);
    scan.resume();
    expect([scan.coverage.position, ...next()]).toEqual([0, 1, 3, 4, 7, 7, 9]);
    // Another wallet may have reached the tip.
    scan.match();
    scan.finish();
    scan.resume();
    scan.coverage.settle(true);
    expect([scan.coverage.position, ...next()]).toEqual([1, 2, 3, 4, 7, 7, 9]);
  });

  it('goes on to the tip with keys that a repetition adds, and then repeats the blocks before', () => {
    const scan = new Scan();
    scan.extend(5);
    for (let height = 1; height <= 5; height++) {
      scan.resume();
      scan.match();
      scan.finish([], height === 4 ? [0] : []);
    }
    scan.resume();
    scan.match();
    scan.finish();
    scan.resume();
    scan.match();
    scan.finish([], [1]);
    expect(scan.coverage.nextAfter(0)).toBe(3);
    expect(scan.run()).toEqual(['3:2', '4:2', '5:1', '1:1', '2:1']);
    expect(scan.missed()).toEqual([]);
    expect(scan.wasted).toBe(0);
  });

  it('looks for spends of a coin that a repetition finds in all later blocks', () => {
    const scan = new Scan();
    scan.extend(6);
    for (let height = 1; height <= 6; height++) {
      scan.resume();
      scan.match();
      scan.finish([], height === 3 ? [0] : []);
    }
    scan.resume();
    const [script] = scan.match();
    scan.finish([script!]);
    // Another wallet's scan passes the block.
    scan.wallet.paid.set('00', 1);
    scan.finishKnown();
    expect(scan.pass!.found).toEqual([script]);
    expect(scan.run()).toEqual(['2:2', '3:2', '4:1', '5:1', '6:1']);
    expect(scan.missed()).toEqual([]);
    expect(scan.pass).toBeUndefined();
  });

  it('does not match again what was matched before the new keys came, nor what a crash has not lost', () => {
    const scan = new Scan();
    scan.extend(3);
    expect(scan.run()).toEqual(['1:6', '2:6', '3:6']);
    scan.crash();
    expect(scan.pass).toEqual({ from: 3, watched: 6 });
    scan.extend(3);
    scan.resume();
    scan.match();
    scan.finish([], [0]);
    expect(scan.pass).toEqual({ from: 3, watched: 6, unmatched: [{ height: 4, watched: [3, 3] }] });
    scan.crash();
    expect(scan.run()).toEqual(['5:7', '6:7', '4:1']);
    expect(scan.pass).toBeUndefined();
  });

  it('is open for a new wallet only after a restart, and for a restored one until the tip is recent', () => {
    const fresh = new Scan(new KeysOnly(1));
    expect(fresh.pass).toBeUndefined();
    fresh.crash();
    expect(fresh.pass).toEqual({ from: 0, watched: 6 });
    fresh.resume(false);
    expect(fresh.pass).toBeUndefined();
    const restored = new Scan();
    restored.resume(false);
    expect(restored.pass).toEqual({ from: 0, watched: 6 });
    restored.resume(true);
    expect(restored.pass).toBeUndefined();
  });

  it('repeats a pass of a full node, which does not say where it found which keys', () => {
    const wallet = new KeysOnly();
    wallet.syncedTo = { height: 2, locator: [], pass: { from: 0, watched: 5 } };
    const scan = new Scan(wallet);
    scan.extend(3);
    scan.crash();
    expect(scan.pass).toEqual({ from: 0, watched: 0, unmatched: [{ height: 2, watched: [] }] });
    expect(scan.run()).toEqual(['3:6', '1:6', '2:6']);
    wallet.syncedTo = { height: 2, locator: [], pass: { from: 1, watched: 6 } };
    scan.crash();
    expect(scan.pass).toEqual({ from: 1, watched: 6 });
  });

  it('begins at genesis for a wallet without a sync state', () => {
    const wallet = new KeysOnly();
    const scan = new Scan(wallet);
    wallet.syncedTo = undefined;
    expect(scan.coverage.position).toBe(0);
    expect(scan.coverage.scripts(1)).toHaveLength(6);
    scan.crash();
    expect(wallet.syncedTo).toEqual({ height: 0, locator: [], pass: { from: 0, watched: 6 } });
  });

  it('is short for any number of keys', () => {
    const scan = new Scan();
    scan.extend(400);
    for (let height = 1; height <= 400; height++) {
      scan.resume();
      scan.match();
      scan.finish([], [0]);
      expect(scan.pass!.unmatched!.length).toBeLessThanOrEqual(256);
    }
    scan.run();
    expect(scan.missed()).toEqual([]);
  });

  it.each([true, false])(
    'misses nothing in random scans, and wastes nothing without crashes (crashes: %s)',
    (crashes) => {
      let repeats = 0;
      for (let seed = 1; seed <= 300; seed++) {
        const random = new SeededRandom(seed);
        const pick = (bound: number) => randomInt(random, bound);
        const scan = new Scan(new KeysOnly(), pick(2) * pick(12));
        scan.extend(5 + pick(30));
        let events = 12;
        for (let step = 0; scan.resume(events === 0); step++) {
          expect(step, `seed ${seed}`).toBeLessThan(5000);
          // Marks of the scanner come late: a range of blocks is matched before the next `resume`.
          for (let i = pick(5); i >= 0 && scan.pointer < scan.tip; i--) {
            const scripts = scan.match();
            const isEvent = events > 0 && pick(6) === 0;
            if (!isEvent) {
              scan.finish();
              continue;
            }
            events--;
            const payees = scripts.length > 0 && pick(2) === 0 ? [scripts[pick(scripts.length)]!] : [];
            scan.finish(payees, [[0], [1], [0, 1], []][pick(4)]);
            repeats++;
          }
          const kind = events > 0 ? pick(30) : 30;
          if (kind < 5) events--;
          if (kind === 0 && crashes) scan.crash();
          else if (kind === 1 && crashes) scan.grow(pick(2));
          else if (kind === 2) scan.extend(1 + pick(3));
          else if (kind === 3) {
            const fork = pick(scan.tip);
            scan.reorganise(fork, scan.tip - fork + 1 + pick(2));
          } else if (kind === 4) {
            // Another wallet is scanned for.
            scan.resume(false);
            scan.pointer = pick(scan.pointer + 1);
            for (let i = pick(8); i > 0 && scan.pointer < scan.tip; i--) {
              scan.match();
              scan.finish();
              if (pick(3) > 0) continue;
              scan.grow(pick(2));
              scan.finishKnown();
            }
          }
        }
        expect(scan.missed(), `seed ${seed}`).toEqual([]);
        if (!crashes) expect(scan.wasted, `seed ${seed}`).toBe(0);
      }
      expect(repeats).toBeGreaterThan(1000);
    },
  );
});
