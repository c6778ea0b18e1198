import { describe, expect, it } from 'vitest';
import { freeNodeIds } from '../../src/devnet/processes/ports.ts';
import { pier } from '../support/pier.ts';
import { pierInProcess } from '../support/pier-in-process.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('createwallet --restore', () => {
  it('restores a wallet with its coins from the mnemonic', { timeout: 60_000 }, async () => {
    const [id] = (await freeNodeIds(1)) as [number];
    const env = { NODE_ID: String(id), PIER_DATADIR: tempDir('mnemonic') };
    const json = async <T>(...args: string[]) =>
      JSON.parse((await pierInProcess([...args, '--json'], env)).stdout) as T;

    const { address } = await json<{ address: string }>('createwallet', '--name', 'old', '--type', 'bech32m');
    await pierInProcess(['createblockchain', '--address', address], env);
    const [{ mnemonic }] = await json<[{ mnemonic: string }]>('showmnemonic');
    expect(mnemonic.split(' ')).toHaveLength(12);

    const args = ['createwallet', '--restore', '--name', 'new', '--type', 'bech32m'];
    const restored = await pier([...args, '--json'], env, `${mnemonic}\n`);
    expect(restored.stderr).toBe('');
    expect(JSON.parse(restored.stdout)).toEqual({ wallet: 'new', address, type: 'bech32m' });
    const balances = await json<object[]>('getbalance');
    expect(balances).toEqual([
      { wallet: 'old', trusted: 50, pending: 0, immature: 5000 },
      { wallet: 'new', trusted: 50, pending: 0, immature: 5000 },
    ]);

    for (const words of ['', 'one two three', mnemonic.replace(/\w+$/, 'zebra2')]) {
      const bad = await pier(['createwallet', '--restore', '--name', 'bad'], env, words);
      expect(bad.code).toBe(1);
      expect(bad.stderr).toContain('not a BIP39 mnemonic: ');
    }
    expect(await json('getbalance')).toEqual(balances);
  });
});
