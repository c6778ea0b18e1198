import { describe, expect, it } from 'vitest';
import { chainParams, type NetworkName } from '../../src/consensus/params.ts';
import { encodeAddress } from '../../src/script/address.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { WalletError } from '../../src/wallet/errors.ts';
import { type AddressType, checkMnemonic, type KeyRef, KeyTree, keyPath, newMnemonic } from '../../src/wallet/keys.ts';

// The mnemonic of the test vectors in BIP49, BIP84 and BIP86.
const ABANDON = `${'abandon '.repeat(11)}about`;

async function address(network: NetworkName, ref: KeyRef): Promise<string | undefined> {
  const tree = await KeyTree.fromMnemonic(ABANDON, network === 'main' ? 0 : 1);
  return encodeAddress(tree.output(ref).scriptPubKey, chainParams(network).address);
}

describe('KeyTree', () => {
  it.each<[string, NetworkName, AddressType, boolean, number, string]>([
    ['BIP84', 'main', 'bech32', false, 0, 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu'],
    ['BIP84', 'main', 'bech32', false, 1, 'bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g'],
    ['BIP84', 'main', 'bech32', true, 0, 'bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el'],
    ['BIP49', 'test', 'p2sh-segwit', false, 0, '2Mww8dCYPUpKHofjgcXcBCEGmniw9CoaiD2'],
    ['BIP86', 'main', 'bech32m', false, 0, 'bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr'],
    ['BIP86', 'main', 'bech32m', false, 1, 'bc1p4qhjn9zdvkux4e44uhx8tc55attvtyu358kutcqkudyccelu0was9fqzwh'],
    ['BIP86', 'main', 'bech32m', true, 0, 'bc1p3qkhfews2uk44qtvauqyr2ttdsw7svhkl9nkm9s9c3x4ax5h60wqwruhk7'],
    ['BIP44', 'main', 'legacy', false, 0, '1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA'],
  ])(
    'derives the addresses of %s on %s (%s, change %s, index %i)',
    async (_bip, network, type, change, index, expected) => {
      expect(await address(network, { type, change, index })).toBe(expected);
    },
  );

  it('is restored from its extended private key', async () => {
    const tree = await KeyTree.fromMnemonic(ABANDON, 1);
    const again = KeyTree.fromExtendedPrivateKey(tree.extendedPrivateKey, 1);
    const ref = { type: 'bech32', change: true, index: 7 } as const;
    expect(again.output(ref)).toEqual(tree.output(ref));
    expect(again.privateKey(ref)).toEqual(tree.privateKey(ref));
  });

  it('derives other keys for each account', async () => {
    const ref = { type: 'bech32', change: false, index: 0 } as const;
    const first = await KeyTree.fromMnemonic(ABANDON, 1);
    const second = await KeyTree.fromMnemonic(ABANDON, 1, 1);
    expect(second.output(ref)).not.toEqual(first.output(ref));
    expect(KeyTree.fromExtendedPrivateKey(first.extendedPrivateKey, 1, 1).output(ref)).toEqual(second.output(ref));
  });

  it('has the extended keys of accounts, as in the vector of BIP86', async () => {
    const tree = await KeyTree.fromMnemonic(ABANDON, 0);
    const account = {
      path: "m/86'/0'/0'",
      rootFingerprint: 0x73c5da0a,
      privateExtendedKey:
        'xprv9xgqHN7yz9MwCkxsBPN5qetuNdQSUttZNKw1dcYTV4mkaAFiBVGQziHs3NRSWMkCzvgjEe3n9xV8oYywvM8at9yRqyaZVz6TYYhX98VjsUk',
      publicExtendedKey:
        'xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ',
    };
    expect(tree.accountNode('bech32m')).toEqual(account);
    const again = KeyTree.fromExtendedPrivateKey(tree.extendedPrivateKey, 0);
    expect(again.extendedPrivateKey).toBe(tree.extendedPrivateKey);
    expect(again.accountNode('bech32m')).toEqual(account);
    expect(again.extendedPrivateKey).toBe(tree.extendedPrivateKey);
    expect(KeyTree.fromExtendedPrivateKey(tree.extendedPrivateKey, 1, 2).accountNode('legacy').path).toBe(
      "m/44'/1'/2'",
    );
  });

  it('formats paths as in the BIPs', () => {
    expect(keyPath({ type: 'bech32', change: false, index: 5 }, 1)).toBe("m/84'/1'/0'/0/5");
    expect(keyPath({ type: 'legacy', change: true, index: 0 }, 0)).toBe("m/44'/0'/0'/1/0");
    expect(keyPath({ type: 'bech32m', change: true, index: 1 }, 1, 9)).toBe("m/86'/1'/9'/1/1");
  });
});

describe('mnemonics', () => {
  it('have twelve words and differ', () => {
    const words = newMnemonic();
    expect(words.split(' ')).toHaveLength(12);
    expect(checkMnemonic(words)).toBe(words);
    expect(newMnemonic()).not.toBe(words);
  });

  it('follow from the source of randomness', () => {
    const [words, same, other] = [1, 1, 2].map((seed) => newMnemonic(new SeededRandom(seed)));
    expect(words).toBe(same);
    expect(words).not.toBe(other);
  });

  it('are accepted with extra spaces and capitals, and rejected with a wrong word or checksum', () => {
    expect(checkMnemonic(`  ${ABANDON.toUpperCase().replaceAll(' ', '  ')} `)).toBe(ABANDON);
    expect(() => checkMnemonic(`${'abandon '.repeat(11)}zebra`)).toThrow(WalletError);
    expect(() => checkMnemonic(`${'abandon '.repeat(11)}abotu`)).toThrow(WalletError);
    expect(() => checkMnemonic('')).toThrow(WalletError);
  });
});
