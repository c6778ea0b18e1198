import { describe, expect, it } from 'vitest';
import { chainParams, regtest } from '../../src/consensus/params.ts';
import { checkProofOfWork } from '../../src/consensus/pow.ts';
import { searchProofOfWork } from '../../src/mining/proof-of-work.ts';
import { workerUrl } from '../../src/platform/worker-url.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { waitFor } from '../support/wait.ts';

const main = chainParams('main');
const { version, prevHash, merkleRoot, time, nonce, bits } = main.genesis.header;
const withFields = (fields: { bits?: number; nonce?: number; time?: number }) =>
  new BlockHeader({ version, prevHash, merkleRoot, time, nonce, bits, ...fields });

describe('searchProofOfWork', () => {
  it('solves a header of regtest at once', async () => {
    const header = withFields({ bits: 0x207fffff, nonce: 0 });
    const found = await searchProofOfWork(header);
    expect(found).toBeDefined();
    expect(checkProofOfWork(found!.header.hash, 0x207fffff, regtest)).toBe(true);
    expect(found!.header.nonce).toBe(found!.nonce);
    expect(found!.hashes).toBe(found!.nonce + 1);
  });

  it('finds the nonce of genesis in worker threads', async () => {
    const found = await searchProofOfWork(withFields({ nonce: nonce - 200_000 }), { maxTries: 400_000 });
    expect(found?.header.hashHex).toBe('000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f');
    expect(found!.hashes).toBeGreaterThan(200_000);
    expect(found!.hashRate).toBeGreaterThan(0);
  });

  it('stops after the given number of tries', async () => {
    expect(await searchProofOfWork(withFields({ nonce: nonce - 1000 }), { maxTries: 1000 })).toBeUndefined();
    // The last nonce is 2^32 - 1.
    expect(await searchProofOfWork(withFields({ nonce: 2 ** 32 - 100 }))).toBeUndefined();
    const easy = withFields({ bits: 0x207fffff, nonce: 0 });
    const { hashes } = (await searchProofOfWork(easy))!;
    expect(await searchProofOfWork(easy, { maxTries: hashes - 1 })).toBeUndefined();
  });

  it('ends when aborted', async () => {
    const controller = new AbortController();
    const search = searchProofOfWork(withFields({ time: time + 1, bits: 0x1b00ffff, nonce: 0 }), {
      signal: controller.signal,
    });
    controller.abort();
    expect(await search).toBeUndefined();
    expect(await searchProofOfWork(withFields({}), { signal: controller.signal })).toBeUndefined();
  });

  it('says how many headers it has hashed so far', async () => {
    let hashes = () => -1;
    const controller = new AbortController();
    const search = searchProofOfWork(withFields({ time: time + 1, bits: 0x1b00ffff, nonce: 0 }), {
      signal: controller.signal,
      started: (soFar) => {
        hashes = soFar;
      },
    });
    await waitFor(() => hashes() > 200_000);
    controller.abort();
    await search;
    const few = searchProofOfWork(withFields({ nonce: nonce - 1000 }), {
      maxTries: 1000,
      started: (soFar) => {
        hashes = soFar;
      },
    });
    await few;
    expect(hashes()).toBe(1000);
  });

  it('finds nothing for an impossible target', async () => {
    for (const impossible of [0, 0x1d800001, 0xff00ffff]) {
      expect(await searchProofOfWork(withFields({ bits: impossible }), { maxTries: 10 })).toBeUndefined();
    }
  });

  it('runs several searches concurrently', async () => {
    const searches = [1, 2, 3].map((i) =>
      searchProofOfWork(withFields({ bits: 0x1f00ffff, nonce: 0, time: time + i })),
    );
    for (const found of await Promise.all(searches))
      expect(checkProofOfWork(found!.header.hash, 0x1f00ffff, regtest)).toBe(true);
  });
});

describe('workerUrl', () => {
  it('points into dist/, also from src/', () => {
    expect(workerUrl('w', 'file:///a/dist/mining/x.js').href).toBe('file:///a/dist/mining/w.js');
    expect(workerUrl('w', 'file:///a/src/mining/x.ts').href).toBe('file:///a/dist/mining/w.js');
    expect(workerUrl('w', 'file:///src/a/src/mining/x.ts').href).toBe('file:///src/a/dist/mining/w.js');
  });
});
