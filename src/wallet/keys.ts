import { HDKey } from '@scure/bip32';
import { entropyToMnemonic, mnemonicToSeed, validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { hash160, hmacSha512, taggedHash } from '../crypto/hash.ts';
import { secp256k1 } from '../crypto/secp256k1.ts';
import { type Random, systemRandom } from '../platform/random.ts';
import { WalletError } from './errors.ts';

/** Returns the tweak of a taproot output without scripts (BIP86, BIP341). */
export const tapTweak = taggedHash('TapTweak');

/** Address types, by the names of Core's RPC. */
export type AddressType = 'legacy' | 'p2sh-segwit' | 'bech32' | 'bech32m';

/** All address types. */
export const addressTypes: readonly AddressType[] = ['legacy', 'p2sh-segwit', 'bech32', 'bech32m'];

/** BIP that defines the derivation of a type's keys; also the first step of their path. */
const PURPOSE: Readonly<Record<AddressType, number>> = { legacy: 44, 'p2sh-segwit': 49, bech32: 84, bech32m: 86 };

/** Position of a key in a wallet's key tree. */
export interface KeyRef {
  readonly type: AddressType;
  /** Whether the key is on the internal chain, which is for change. */
  readonly change: boolean;
  readonly index: number;
}

/** The output of a key, with the data needed to spend it. */
export interface KeyOutput {
  readonly scriptPubKey: Uint8Array;
  /** P2SH-P2WPKH only. */
  readonly redeemScript?: Uint8Array;
  /** P2TR only: x-only internal key, 32 bytes. */
  readonly tapInternalKey?: Uint8Array;
}

/** The key of an account, from which all keys of one address type follow (BIP44). */
export interface AccountNode {
  /** Such as `m/84'/1'/0'`. */
  readonly path: string;
  /** First four bytes of the root key's identifier, as a number (BIP32). */
  readonly rootFingerprint: number;
  /** Secret: `xprv…`. */
  readonly privateExtendedKey: string;
  /** `xpub…`. */
  readonly publicExtendedKey: string;
}

/** Returns a new BIP39 mnemonic: twelve words from 128 random bits. `random` must be unpredictable, except in tests. */
export function newMnemonic(random: Random = systemRandom): string {
  return entropyToMnemonic(random.bytes(16), wordlist);
}

/** Returns the words in the normal form of BIP39. Throws `WalletError` 'bad-mnemonic'. */
export function checkMnemonic(words: string): string {
  const mnemonic = words.normalize('NFKD').trim().toLowerCase().split(/\s+/).join(' ');
  if (validateMnemonic(mnemonic, wordlist)) return mnemonic;
  throw new WalletError(
    'bad-mnemonic',
    'not a BIP39 mnemonic: a word is not in the word list, or the checksum is wrong',
  );
}

/** Returns a derivation path such as `m/84'/1'/0'/0/5`; `coinType` as in SLIP44. */
export function keyPath(ref: KeyRef, coinType: number, account = 0): string {
  return `${chainPath(ref, coinType, account)}/${ref.index}`;
}

function chainPath({ type, change }: Omit<KeyRef, 'index'>, coinType: number, account: number): string {
  return `${accountPath(type, coinType, account)}/${change ? 1 : 0}`;
}

function accountPath(type: AddressType, coinType: number, account: number): string {
  return `m/${PURPOSE[type]}'/${coinType}'/${account}'`;
}

/**
 * The key tree of a wallet (BIP32), with one account of BIP44, BIP49, BIP84 and BIP86.
 *
 * @example
 * ```ts
 * import { chainParams } from 'pier/consensus';
 * import { encodeAddress } from 'pier/script';
 * import { KeyTree } from 'pier/wallet';
 *
 * // BIP84's test vector.
 * const words = 'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about';
 * const keys = await KeyTree.fromMnemonic(words, 0);
 * const { scriptPubKey } = keys.output({ type: 'bech32', change: false, index: 0 });
 * console.log(encodeAddress(scriptPubKey, chainParams('main').address)); // bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu
 * ```
 */
export class KeyTree {
  /** The root key; its encoded form until first needed, since decoding takes longer than most commands. */
  #root: HDKey | string;
  readonly coinType: number;
  /** Number of the account, from 0. */
  readonly account: number;
  /** External and internal chains by path, derived when first needed. */
  readonly #chains = new Map<string, HDKey>();

  private constructor(root: HDKey | string, coinType: number, account: number) {
    this.#root = root;
    this.coinType = coinType;
    this.account = account;
  }

  /** Derives the tree of a mnemonic; `coinType` is 0 on mainnet and 1 on every test network (SLIP44). */
  static async fromMnemonic(mnemonic: string, coinType: number, account = 0): Promise<KeyTree> {
    return new KeyTree(HDKey.fromMasterSeed(await mnemonicToSeed(mnemonic)), coinType, account);
  }

  /** Creates the tree from `extendedPrivateKey`, which saves the PBKDF2 rounds of a mnemonic. */
  static fromExtendedPrivateKey(xprv: string, coinType: number, account = 0): KeyTree {
    return new KeyTree(xprv, coinType, account);
  }

  /** The root key as an xprv: secret. */
  get extendedPrivateKey(): string {
    return typeof this.#root === 'string' ? this.#root : this.#root.privateExtendedKey;
  }

  /** Returns the keys from which the keys of a type follow: path, and extended keys with the versions of mainnet. */
  accountNode(type: AddressType): AccountNode {
    const path = accountPath(type, this.coinType, this.account);
    const root = this.#decodedRoot();
    const { privateExtendedKey, publicExtendedKey } = root.derive(path);
    return { path, rootFingerprint: root.fingerprint, privateExtendedKey, publicExtendedKey };
  }

  /** Returns the output of a key. */
  output(ref: KeyRef): KeyOutput {
    const publicKey = secp256k1().publicKey(this.privateKey(ref))!;
    switch (ref.type) {
      case 'legacy':
        return { scriptPubKey: Uint8Array.of(0x76, 0xa9, 20, ...hash160(publicKey), 0x88, 0xac) };
      case 'p2sh-segwit': {
        const redeemScript = Uint8Array.of(0, 20, ...hash160(publicKey));
        return { scriptPubKey: Uint8Array.of(0xa9, 20, ...hash160(redeemScript), 0x87), redeemScript };
      }
      case 'bech32':
        return { scriptPubKey: Uint8Array.of(0, 20, ...hash160(publicKey)) };
      case 'bech32m': {
        const tapInternalKey = publicKey.slice(1);
        const outputKey = secp256k1().xOnlyTweakAdd(tapInternalKey, tapTweak(tapInternalKey))!;
        return { scriptPubKey: Uint8Array.of(0x51, 32, ...outputKey.subarray(1)), tapInternalKey };
      }
    }
  }

  /** Returns a private key: 32 bytes, secret. */
  privateKey(ref: KeyRef): Uint8Array {
    const { privateKey, publicKey, chainCode } = this.#chain(ref);
    const data = new Uint8Array(37);
    data.set(publicKey!);
    new DataView(data.buffer).setUint32(33, ref.index);
    const digest = hmacSha512(chainCode!, data);
    // The child is the parent plus half of the digest (BIP32); it is invalid with a probability of 2^-127.
    return secp256k1().secretTweakAdd(privateKey!, digest.subarray(0, 32))!;
  }

  #decodedRoot(): HDKey {
    if (typeof this.#root === 'string') this.#root = HDKey.fromExtendedKey(this.#root);
    return this.#root;
  }

  #chain(ref: KeyRef): HDKey {
    const path = chainPath(ref, this.coinType, this.account);
    let chain = this.#chains.get(path);
    if (!chain) {
      chain = this.#decodedRoot().derive(path);
      this.#chains.set(path, chain);
    }
    return chain;
  }
}
