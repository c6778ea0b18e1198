import fs from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { decodeLeadingDump } from '../../src/mempool/dump.ts';
import { loadMempool, MempoolFile, saveMempool } from '../../src/node/mempool-file.ts';
import { CapturedLogger } from '../support/captured-logger.ts';
import { MINUTES, pay, RegtestChain, utxo } from '../support/regtest-chain.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

const source = await RegtestChain.create({ blocks: 101 });
const parent = pay([source.coinbase(1)], 1000n, 2);
const child = pay([utxo(parent, 0)], 1000n);
const other = pay([utxo(parent, 1)], 1000n);
let files = 0;
const dir = tempDir('mempool-saves');
const newPath = () => join(dir, `mempool_${files++}.dat`);
const size = async (path: string) => decodeLeadingDump(await readFile(path)).dump.transactions.length;

afterEach(() => vi.restoreAllMocks());

/** Lets pending callbacks run. */
async function turns(): Promise<void> {
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** A mempool whose file has been started, and what it logs. */
async function started(path = newPath()) {
  const { mempool, clock } = await source.fork();
  const logger = new CapturedLogger();
  const file = new MempoolFile(mempool, path, { clock, logger });
  await file.start();
  const messages = () => logger.lines.map(({ level, message }) => `${level}: ${message}`);
  /** Lets a minute pass, and what then begins end. */
  const minute = async () => {
    clock.advance(MINUTES);
    // A save of the same path waits for that which has begun.
    await saveMempool(mempool, newPath());
    await turns();
  };
  return { path, mempool, clock, file, messages, minute, logger };
}

describe('The file of a mempool', () => {
  it('is written beside the old one, to the disk, and only then takes its name', async () => {
    const { mempool } = await source.fork();
    mempool.accept(parent);
    const path = newPath();
    const order: string[] = [];
    const probe = await fs.promises.open(join(dir, 'probe'), 'w');
    const handle = Object.getPrototypeOf(probe) as typeof probe;
    await probe.close();
    const { sync } = handle;
    vi.spyOn(handle, 'sync').mockImplementation(async function (this: typeof probe) {
      const names = (await readdir(dir)).filter((name) => name.startsWith(path.slice(dir.length + 1)));
      order.push(...names, `${(await this.stat()).size === (await stat(`${path}.new`)).size}`);
      await sync.call(this);
      order.push('synced');
    });
    await saveMempool(mempool, path);
    expect(order).toEqual([`${path.slice(dir.length + 1)}.new`, 'true', 'synced']);
    expect(await size(path)).toBe(1);
    // It says which transactions this node knows of.
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await readdir(dir)).filter((name) => name.endsWith('.new'))).toEqual([]);
  });

  it('is not there if there was nothing to save, and is left alone until the mempool changes', async () => {
    const { path, mempool, file, minute, messages } = await started();
    await minute();
    await file.stop();
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    // No file is no fault.
    expect(messages()).toEqual([]);
    mempool.accept(parent);
    await file.stop();
    expect(await size(path)).toBe(1);
  });

  it('is saved a minute after a change, again after another, and no more once stopped', async () => {
    const { path, mempool, clock, file, minute } = await started();
    mempool.accept(parent);
    clock.advance(MINUTES - 1);
    await turns();
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    clock.advance(1);
    await waitFor(async () => (await stat(path).catch(() => undefined)) !== undefined);
    await turns();
    await writeFile(path, 'unchanged');
    await minute();
    await turns();
    expect(await readFile(path, 'utf8')).toBe('unchanged');
    mempool.accept(child);
    clock.advance(MINUTES);
    await waitFor(async () => (await readFile(path, 'utf8')) !== 'unchanged');
    expect(await size(path)).toBe(2);
    await file.stop();
    mempool.accept(other);
    for (let i = 0; i < 3; i++) await minute();
    expect(await size(path)).toBe(2);
  });

  it('holds what arrived while it was saved at the next save', async () => {
    const { path, mempool, file } = await started();
    mempool.accept(parent);
    const stopping = file.stop();
    // The save has begun to write what it knows.
    await waitFor(() => fs.existsSync(`${path}.new`) || fs.existsSync(path));
    mempool.accept(child);
    await stopping;
    await file.stop();
    expect(await size(path)).toBe(2);
  });

  it('that cannot be written is logged, and written later', async () => {
    const { path, mempool, clock, file, messages } = await started(join(dir, 'missing', 'mempool.dat'));
    mempool.accept(parent);
    clock.advance(MINUTES);
    await waitFor(() => messages().length === 1);
    expect(messages()).toEqual(['warn: mempool not saved']);
    clock.advance(MINUTES);
    await waitFor(() => messages().length === 2);
    fs.mkdirSync(dirname(path));
    await file.stop();
    expect(await size(path)).toBe(1);
    expect(messages()).toHaveLength(2);
  });

  it('leaves no draft behind if it cannot take its name', async () => {
    const { mempool } = await source.fork();
    const path = newPath();
    fs.mkdirSync(join(path, 'a folder'), { recursive: true });
    const saved = saveMempool(mempool, path);
    await expect(saved).rejects.toMatchObject({
      code: 'mempool-not-saved',
      message: expect.stringContaining(`writing ${path} failed: `),
      hint: expect.stringContaining('free space'),
      cause: expect.any(Error),
    });
    expect((await readdir(dir)).filter((name) => name.endsWith('.new'))).toEqual([]);
  });

  it('is saved once at a time, also after a save that has failed', async () => {
    const { mempool } = await source.fork();
    const path = join(dir, 'later', 'mempool.dat');
    const failed = saveMempool(mempool, path);
    const next = saveMempool(mempool, path);
    await expect(failed).rejects.toMatchObject({ code: 'mempool-not-saved' });
    await expect(next).rejects.toMatchObject({ code: 'mempool-not-saved' });
    fs.mkdirSync(dirname(path));
    const both = [saveMempool(mempool, path), saveMempool(mempool, path)];
    await Promise.all(both);
    expect(await size(path)).toBe(0);
  });

  it('is loaded at the start, which says how many transactions were accepted', async () => {
    const before = await started();
    for (const tx of [parent, child]) before.mempool.accept(tx);
    await before.file.stop();
    const after = await started(before.path);
    expect(after.mempool.size).toBe(2);
    expect(after.logger.lines).toMatchObject([
      { level: 'info', message: 'mempool loaded', accepted: 2, total: 2, path: before.path },
    ]);
  });

  it('that cannot be read is named, but a missing one is not', async () => {
    const path = newPath();
    await writeFile(path, 'no mempool');
    const { messages, file, mempool } = await started(path);
    expect(messages()).toEqual(['warn: mempool file not loaded']);
    // It is left to the next save.
    await file.stop();
    expect(await readFile(path, 'utf8')).toBe('no mempool');
    mempool.accept(parent);
    await file.stop();
    expect(await size(path)).toBe(1);
  });

  it.each([-1, 1, 31, 33])('has a checksum of 32 bytes: with %i bytes more it is damaged', async (more) => {
    const { mempool, clock } = await source.fork();
    const path = newPath();
    await saveMempool(mempool, path);
    const bytes = await readFile(path);
    await writeFile(path, more < 0 ? bytes.subarray(0, more) : Buffer.concat([bytes, new Uint8Array(more)]));
    await expect(loadMempool(mempool, path, clock)).rejects.toMatchObject({ code: 'bad-mempool-file' });
  });

  it('ends a start with the reason of its signal, while it is loaded', async () => {
    const before = await started();
    for (const tx of [parent, child]) before.mempool.accept(tx);
    await before.file.stop();
    const { mempool, clock } = await source.fork();
    const logger = new CapturedLogger();
    const file = new MempoolFile(mempool, before.path, { clock, logger });
    const reason = new Error('interrupted');
    await expect(file.start(AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(logger.lines).toEqual([]);
    expect(mempool.size).toBeLessThan(2);
  });
});
