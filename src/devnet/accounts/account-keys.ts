import type { ChainParams } from '../../consensus/params.ts';
import { encodeAddress } from '../../script/address.ts';
import { type AddressType, type KeyOutput, type KeyRef, KeyTree } from '../../wallet/keys.ts';

/** Account of the mnemonic that mined blocks pay to. */
export const FAUCET_ACCOUNT = 0x7fff_ffff;

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

  /** Returns the first address to receive of a type. */
  address(type: AddressType = 'bech32'): string {
    let address = this.#addresses.get(type);
    if (address === undefined) {
      address = encodeAddress(this.output({ type }).scriptPubKey, this.#params.address)!;
      this.#addresses.set(type, address);
    }
    return address;
  }
}

function keyRef({ type = 'bech32', change = false, index = 0 }: Partial<KeyRef>): KeyRef {
  return { type, change, index };
}
