import { HDKey } from '@scure/bip32';
import { generateMnemonic, mnemonicToSeed, validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { p2pkh, p2sh, p2tr, p2wpkh } from '@scure/btc-signer';
import { WalletError } from './errors.ts';

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

/** Returns a new BIP39 mnemonic: twelve words from 128 bits of system randomness. */
export function newMnemonic(): string {
  return generateMnemonic(wordlist, 128);
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
export function keyPath(ref: KeyRef, coinType: number): string {
  return `m/${PURPOSE[ref.type]}'/${coinType}'/0'/${ref.change ? 1 : 0}/${ref.index}`;
}

/**
 * The key tree of a wallet (BIP32), with the first account of BIP44, BIP49, BIP84 and BIP86.
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
  /** External and internal chains by path, derived when first needed. */
  readonly #chains = new Map<string, HDKey>();

  private constructor(root: HDKey | string, coinType: number) {
    this.#root = root;
    this.coinType = coinType;
  }

  /** Derives the tree of a mnemonic; `coinType` is 0 on mainnet and 1 on every test network (SLIP44). */
  static async fromMnemonic(mnemonic: string, coinType: number): Promise<KeyTree> {
    return new KeyTree(HDKey.fromMasterSeed(await mnemonicToSeed(mnemonic)), coinType);
  }

  /** Creates the tree from `extendedPrivateKey`, which saves the PBKDF2 rounds of a mnemonic. */
  static fromExtendedPrivateKey(xprv: string, coinType: number): KeyTree {
    return new KeyTree(xprv, coinType);
  }

  /** The root key as an xprv: secret. */
  get extendedPrivateKey(): string {
    return typeof this.#root === 'string' ? this.#root : this.#root.privateExtendedKey;
  }

  /** Returns the output of a key. */
  output(ref: KeyRef): KeyOutput {
    const publicKey = this.#key(ref).publicKey!;
    switch (ref.type) {
      case 'legacy':
        return { scriptPubKey: p2pkh(publicKey).script };
      case 'p2sh-segwit': {
        const { script, redeemScript } = p2sh(p2wpkh(publicKey));
        return { scriptPubKey: script, redeemScript: redeemScript! };
      }
      case 'bech32':
        return { scriptPubKey: p2wpkh(publicKey).script };
      case 'bech32m': {
        const tapInternalKey = publicKey.subarray(1);
        return { scriptPubKey: p2tr(tapInternalKey).script, tapInternalKey };
      }
    }
  }

  /** Returns a private key: 32 bytes, secret. */
  privateKey(ref: KeyRef): Uint8Array {
    return this.#key(ref).privateKey!;
  }

  #key(ref: KeyRef): HDKey {
    const path = `m/${PURPOSE[ref.type]}'/${this.coinType}'/0'/${ref.change ? 1 : 0}`;
    let chain = this.#chains.get(path);
    if (!chain) {
      if (typeof this.#root === 'string') this.#root = HDKey.fromExtendedKey(this.#root);
      chain = this.#root.derive(path);
      this.#chains.set(path, chain);
    }
    return chain.deriveChild(ref.index);
  }
}
