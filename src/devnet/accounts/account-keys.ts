import { withChecksum } from '../../api/format/descriptor.ts';
import type { ChainParams } from '../../consensus/params.ts';
import { base58check, decodeAddress, encodeAddress } from '../../script/address.ts';
import { type AddressType, type KeyOutput, type KeyRef, KeyTree } from '../../wallet/keys.ts';

/** Account of the mnemonic that mined blocks pay to. */
export const FAUCET_ACCOUNT = 0x7fff_ffff;

/** The extended keys of an account for one address type. */
export interface ExtendedKeys {
  /** Such as `m/84'/1'/0'`. */
  readonly path: string;
  /** Such as `tprv…`. */
  readonly private: string;
  /** Such as `tpub…`. */
  readonly public: string;
}

/** Output descriptors with checksums. */
export interface AccountDescriptors {
  readonly receive: string;
  readonly change: string;
  /** With the private key. */
  readonly privateReceive: string;
  /** With the private key. */
  readonly privateChange: string;
}

/** Script expressions of the types (BIP381, BIP382, BIP386). */
const WRAPPERS: Readonly<Record<AddressType, (key: string) => string>> = {
  legacy: (key) => `pkh(${key})`,
  'p2sh-segwit': (key) => `sh(wpkh(${key}))`,
  bech32: (key) => `wpkh(${key})`,
  bech32m: (key) => `tr(${key})`,
};

/** Accounts whose keys are kept, by mnemonic, network and number: deriving them takes milliseconds. */
const MAX_KEPT = 256;
const kept = new Map<string, AccountKeys>();

/** The keys of one account of a network: they are public. */
export class AccountKeys {
  readonly #tree: KeyTree;
  readonly #params: ChainParams;
  readonly #addresses = new Map<AddressType, string>();

  private constructor(tree: KeyTree, params: ChainParams) {
    this.#tree = tree;
    this.#params = params;
  }

  /** Derives the keys of the accounts with the given numbers from a mnemonic. */
  static async derive(mnemonic: string, params: ChainParams, numbers: readonly number[]): Promise<AccountKeys[]> {
    const coinType = params.network === 'main' ? 0 : 1;
    const keyOf = (number: number) => `${params.marker} ${number} ${mnemonic}`;
    const missing = numbers.filter((number) => !kept.has(keyOf(number)));
    const root = missing.length > 0 ? (await KeyTree.fromMnemonic(mnemonic, coinType)).extendedPrivateKey : '';
    return numbers.map((number) => {
      const known = kept.get(keyOf(number));
      if (known) return known;
      const keys = new AccountKeys(KeyTree.fromExtendedPrivateKey(root, coinType, number), params);
      if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value!);
      kept.set(keyOf(number), keys);
      return keys;
    });
  }

  /** Returns the output of a key: by default the first, to receive, of type bech32. */
  output(ref: Partial<KeyRef> = {}): KeyOutput {
    return this.#tree.output(keyRef(ref));
  }

  /** Returns the private key of `output(ref)`: 32 bytes. */
  privateKey(ref: Partial<KeyRef> = {}): Uint8Array {
    return this.#tree.privateKey(keyRef(ref));
  }

  /** Returns a private key in the format that wallets import (WIF). */
  wif(ref: Partial<KeyRef> = {}): string {
    // The last byte says that the public key is compressed.
    return base58check.encode(Uint8Array.of(this.#params.address.secretKey, ...this.privateKey(ref), 1));
  }

  /** Returns the account's extended keys for a type, with the network's version bytes (BIP32). */
  extendedKeys(type: AddressType = 'bech32'): ExtendedKeys {
    const { path, privateExtendedKey, publicExtendedKey } = this.#tree.accountNode(type);
    const { bip32 } = this.#params;
    return {
      path,
      private: withVersion(privateExtendedKey, bip32.private),
      public: withVersion(publicExtendedKey, bip32.public),
    };
  }

  /** Returns the descriptors of all addresses of a type (BIP380), as bitcoind's importdescriptors takes them. */
  descriptors(type: AddressType = 'bech32'): AccountDescriptors {
    const { rootFingerprint } = this.#tree.accountNode(type);
    const { path, private: privateKey, public: publicKey } = this.extendedKeys(type);
    const fingerprint = rootFingerprint.toString(16).padStart(8, '0');
    const origin = `[${fingerprint}${path.slice(1).replaceAll("'", 'h')}]`;
    const describe = (key: string, chain: number) => withChecksum(WRAPPERS[type](`${origin}${key}/${chain}/*`));
    return {
      receive: describe(publicKey, 0),
      change: describe(publicKey, 1),
      privateReceive: describe(privateKey, 0),
      privateChange: describe(privateKey, 1),
    };
  }

  /** Returns the first address to receive of a type. */
  address(type: AddressType = 'bech32'): string {
    let address = this.#addresses.get(type);
    if (address === undefined) {
      address = encodeAddress(this.output({ type }).scriptPubKey, this.#params.address)!;
      this.#addresses.set(type, address);
    }
    return address;
  }

  /** Returns the address of any output of the network; undefined if its type has none. */
  addressOf(scriptPubKey: Uint8Array): string | undefined {
    return encodeAddress(scriptPubKey, this.#params.address);
  }

  /** Returns the script of any address of the network. Throws `AddressError`. */
  scriptOf(address: string): Uint8Array {
    return decodeAddress(address, this.#params.address);
  }
}

/** Address types by the first step of their paths. */
const TYPES: Readonly<Record<string, AddressType>> = { 44: 'legacy', 49: 'p2sh-segwit', 84: 'bech32', 86: 'bech32m' };

/** Returns the key that a path such as `m/84'/1'/0'/0/5` leads to; undefined if no wallet of the network derives it. */
export function keyRefOfPath(path: string): KeyRef | undefined {
  const parts = /^m\/(\d+)['h]\/\d+['h]\/\d+['h]\/([01])\/(\d+)$/.exec(path);
  const type = TYPES[parts?.[1] ?? ''];
  return parts && type ? { type, change: parts[2] === '1', index: Number(parts[3]) } : undefined;
}

/** Replaces the version bytes of an extended key. */
function withVersion(extendedKey: string, version: number): string {
  const bytes = base58check.decode(extendedKey);
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, version);
  return base58check.encode(bytes);
}

function keyRef({ type = 'bech32', change = false, index = 0 }: Partial<KeyRef>): KeyRef {
  return { type, change, index };
}
