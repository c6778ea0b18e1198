import { expect, it } from 'vitest';
import { chainParams } from '../../src/consensus/params.ts';
import { AccountKeys } from '../../src/devnet/accounts/account-keys.ts';
import { defaults } from '../../src/devnet/topology/topology-schema.ts';
import { addressTypes } from '../../src/wallet/keys.ts';
import { describeBitcoind, startBitcoind } from '../support/bitcoind.ts';

/** Script expressions of single keys. */
const wrappers = { legacy: 'pkh', 'p2sh-segwit': 'sh(wpkh', bech32: 'wpkh', bech32m: 'tr' } as const;

describeBitcoind('accounts of a network, in a bitcoind', () => {
  it('have the addresses that bitcoind derives from their descriptors and keys, and are imported', async () => {
    const bitcoind = await startBitcoind();
    try {
      const [, account] = await AccountKeys.derive(defaults.mnemonic, chainParams('regtest'), [0, 3]);
      await bitcoind.rpc('createwallet', 'imported', false, true);
      for (const type of addressTypes) {
        const { receive, change, privateReceive, privateChange } = account!.descriptors(type);
        const address = account!.address(type);
        expect((await bitcoind.rpc<string[]>('deriveaddresses', receive, [0, 1]))[0]).toBe(address);
        const { descriptor } = await bitcoind.rpc<{ descriptor: string }>('getdescriptorinfo', privateChange);
        expect(descriptor).toBe(change);
        const imported = await bitcoind.rpc<{ success: boolean }[]>('importdescriptors', [
          { desc: privateReceive, timestamp: 'now', active: true },
          { desc: privateChange, timestamp: 'now', active: true, internal: true },
        ]);
        expect(imported.map(({ success }) => success)).toEqual([true, true]);
        const single = `${wrappers[type]}(${account!.wif({ type })})${type === 'p2sh-segwit' ? ')' : ''}`;
        const { checksum } = await bitcoind.rpc<{ checksum: string }>('getdescriptorinfo', single);
        expect(await bitcoind.rpc('deriveaddresses', `${single}#${checksum}`)).toEqual([address]);
        expect(account!.extendedKeys(type).private).toMatch(/^tprv/);
        expect(account!.extendedKeys(type).public).toMatch(/^tpub/);
      }
      expect(await bitcoind.rpc('getnewaddress', '', 'bech32')).toBe(account!.address());
    } finally {
      await bitcoind.stop();
    }
  });
});
