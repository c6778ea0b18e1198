import { HDKey } from '@scure/bip32';
import { generateMnemonic, mnemonicToSeed, validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { p2pkh, p2sh, p2tr, p2wpkh } from '@scure/btc-signer';
import { WalletError } from './errors.ts';

/** Kinds of address, as Core's RPC calls them. */
export type AddressType = 'legacy' | 'p2sh-segwit' | 'bech32' | 'bech32m';

export const addressTypes: readonly AddressType[] = ['legacy', 'p2sh-segwit', 'bech32', 'bech32m'];

/** The BIP that says how keys of the type are derived, which is also the first step of their path. */
const PURPOSE: Readonly<Record<AddressType, number>> = { legacy: 44, 'p2sh-segwit': 49, bech32: 84, bech32m: 86 };

/** One key of a wallet: which chain of its tree, and where on it. */
export interface KeyRef {
  readonly type: AddressType;
  /** On the internal chain, whose addresses are for change. */
  readonly change: boolean;
  readonly index: number;
}

/** What a key's output looks like, and what is needed to spend it. */
export interface KeyOutput {
  readonly scriptPubKey: Uint8Array;
  /** P2SH-P2WPKH only. */
  readonly redeemScript?: Uint8Array;
  /** P2TR only: 32 bytes, before the tweak. */
  readonly tapInternalKey?: Uint8Array;
}

/** Twelve words of BIP39: 128 bits from the system's randomness. */
export function newMnemonic(): string {
  return generateMnemonic(wordlist, 128);
}

/** The words in BIP39's normal form. Throws `WalletError` 'bad-mnemonic'. */
export function checkMnemonic(words: string): string {
  const mnemonic = words.normalize('NFKD').trim().toLowerCase().split(/\s+/).join(' ');
  if (validateMnemonic(mnemonic, wordlist)) return mnemonic;
  throw new WalletError(
    'bad-mnemonic',
    'the words are no BIP39 mnemonic: one is not in the list, or the checksum is wrong',
  );
}

/** `m/84'/1'/0'/0/5` */
export function keyPath(ref: KeyRef, coinType: number): string {
  return `m/${PURPOSE[ref.type]}'/${coinType}'/0'/${ref.change ? 1 : 0}/${ref.index}`;
}

/** The tree of a wallet's keys (BIP32) with the accounts of BIP44, BIP49, BIP84 and BIP86. */
export class KeyTree {
  /** The root, or its extended private key until it is needed: to decode that costs more than many a command does. */
  #root: HDKey | string;
  readonly coinType: number;
  /** The external and internal chain of each account, derived when first needed. */
  readonly #chains = new Map<string, HDKey>();

  private constructor(root: HDKey | string, coinType: number) {
    this.#root = root;
    this.coinType = coinType;
  }

  /** @param coinType 0 on mainnet, 1 on every test network (SLIP44) */
  static async fromMnemonic(mnemonic: string, coinType: number): Promise<KeyTree> {
    return new KeyTree(HDKey.fromMasterSeed(await mnemonicToSeed(mnemonic)), coinType);
  }

  /** From what `extendedPrivateKey` returned, without the work of stretching a mnemonic. */
  static fromExtendedPrivateKey(xprv: string, coinType: number): KeyTree {
    return new KeyTree(xprv, coinType);
  }

  /** The root of all keys: a secret. */
  get extendedPrivateKey(): string {
    return typeof this.#root === 'string' ? this.#root : this.#root.privateExtendedKey;
  }

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

  /** 32 bytes: a secret. */
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
