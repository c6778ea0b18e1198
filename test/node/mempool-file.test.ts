import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { decodeLeadingDump } from '../../src/mempool/dump.ts';
import { loadMempool, MempoolFile, saveMempool } from '../../src/node/mempool-file.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { CapturedLogger } from '../support/captured-logger.ts';
import { flipBit } from '../support/hostile.ts';
import { requireOracles } from '../support/oracles.ts';
import { MINUTES, pay, RegtestChain, utxo } from '../support/regtest-chain.ts';
import { canMount, resizeDisk, smallDisk } from '../support/small-disk.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

const source = await RegtestChain.create({ blocks: 101 });
const { mempool, clock } = source;
const parent = pay([source.coinbase(1)], 1000n, 2);
const child = pay([utxo(parent, 0)], 1000n);
for (const tx of [parent, child]) mempool.accept(tx);
mempool.prioritise(parent.txid, 77n);

it('keeps the mempool over a restart, and saves it when it has changed', async () => {
  const path = join(tempDir('mempool'), 'mempool_1.dat');
  const other = await source.fork();
  const file = new MempoolFile(other.mempool, path, { clock: other.clock, logger: silentLogger });
  await file.start();
  expect(other.mempool.size).toBe(0);
  for (const tx of [parent, child]) other.mempool.accept(tx);
  await file.stop();
  const again = await source.fork();
  const reopened = new MempoolFile(again.mempool, path, { clock: again.clock, logger: silentLogger });
  await reopened.start();
  expect([...again.mempool.entries()].map(({ tx }) => tx.txidHex)).toEqual([parent.txidHex, child.txidHex]);
  const saved = await readFile(path);
  await writeFile(path, 'unchanged');
  await reopened.stop();
  expect(await readFile(path, 'utf8')).toBe('unchanged');
  expect(decodeLeadingDump(saved).dump.transactions).toHaveLength(2);
});

it('saves every minute, so that a kill loses little', async () => {
  const path = join(tempDir('mempool'), 'mempool_1.dat');
  const other = await source.fork();
  const file = new MempoolFile(other.mempool, path, { clock: other.clock, logger: silentLogger });
  await file.start();
  other.mempool.accept(parent);
  other.clock.advance(MINUTES);
  // A save waits for the one before it.
  await saveMempool(other.mempool, path);
  const third = await source.fork();
  expect(await loadMempool(third.mempool, path, third.clock)).toEqual({ accepted: 1, total: 1 });
  // And a minute after that save.
  other.mempool.accept(child);
  const transactions = async () => decodeLeadingDump(await readFile(path)).dump.transactions.length;
  await waitFor(async () => {
    other.clock.advance(MINUTES);
    return (await transactions()) === 2;
  });
  await file.stop();
});

it('refuses a damaged file as a whole, names it, and starts without it', async () => {
  const path = join(tempDir('mempool'), 'mempool_1.dat');
  await saveMempool(mempool, path);
  const bytes = new Uint8Array(await readFile(path));
  const other = await source.fork();
  for (let bit = 0; bit < bytes.length * 8; bit += 13) {
    await writeFile(path, flipBit(bytes, bit));
    const loaded = loadMempool(other.mempool, path, clock);
    await expect(loaded).rejects.toMatchObject({ code: 'bad-mempool-file', hint: /Delete the file/ });
    await expect(loaded).rejects.toThrow(path);
  }
  expect([other.mempool.size, [...other.mempool.feeDeltas()].length]).toEqual([0, 0]);
  const logger = new CapturedLogger();
  const file = new MempoolFile(other.mempool, path, { clock, logger });
  await file.start();
  expect(JSON.stringify(logger.lines)).toContain('mempool file not loaded');
  await file.stop();
});

it('reads a file without checksum, which is one of Bitcoin Core', async () => {
  const path = join(tempDir('mempool'), 'mempool_1.dat');
  await saveMempool(mempool, path);
  const bytes = await readFile(path);
  await writeFile(path, bytes.subarray(0, -32));
  for (const [options, time, deltas] of [
    [{}, clock.now(), 1],
    [{ usesCurrentTime: true, appliesFeeDeltas: false }, clock.now() + MINUTES, 0],
  ] as const) {
    const other = await source.fork();
    other.clock.advance(MINUTES);
    expect(await loadMempool(other.mempool, path, other.clock, options)).toEqual({ accepted: 2, total: 2 });
    const entry = other.mempool.get(parent.txid)!;
    expect([entry.time, [...other.mempool.feeDeltas()].length]).toEqual([time / 1000, deltas]);
  }
});

it.runIf(canMount || requireOracles)(
  'leaves the file as it was on a full disk, says so, and saves it later',
  async () => {
    const disk = smallDisk('mempool', 64);
    const path = join(disk, 'mempool_1.dat');
    const other = await source.fork();
    const logger = new CapturedLogger();
    const file = new MempoolFile(other.mempool, path, { clock: other.clock, logger });
    await file.start();
    other.mempool.accept(parent);
    await saveMempool(other.mempool, path);
    const saved = await readFile(path);
    other.mempool.accept(child);
    await writeFile(join(disk, 'filler'), new Uint8Array(64 << 10)).catch(() => {});
    await expect(saveMempool(other.mempool, path)).rejects.toMatchObject({
      code: 'mempool-not-saved',
      message: expect.stringMatching(`^writing ${path} failed: ENOSPC`),
      hint: expect.stringContaining('free space'),
    });
    other.clock.advance(MINUTES);
    await expect(saveMempool(other.mempool, path)).rejects.toThrow('ENOSPC');
    expect(logger.lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { path, message: 'mempool not saved' },
    ]);
    expect((await readdir(disk)).sort()).toEqual(['filler', 'mempool_1.dat']);
    expect((await readFile(path)).equals(saved)).toBe(true);
    resizeDisk(disk, 256);
    await file.stop();
    const again = await source.fork();
    expect(await loadMempool(again.mempool, path, again.clock)).toEqual({ accepted: 2, total: 2 });
  },
);
