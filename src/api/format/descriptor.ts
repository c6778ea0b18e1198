import { toHex } from '../../bytes/hex.ts';
import { secp256k1 } from '../../crypto/secp256k1.ts';
import { type AddressPrefixes, encodeAddress } from '../../script/address.ts';
import { solve } from '../../script/standard.ts';

/** The characters that a descriptor may hold, in three groups of 32 (BIP380). */
const INPUT_CHARSET =
  '0123456789()[],\'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#"\\ ';
const CHECKSUM_CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
/** The generator's five numbers of 40 bits, as upper and lower 20 bits. */
const GENERATOR_HIGH = [0xf5dee, 0xa9fdc, 0x1bab1, 0x3706b, 0x644d6] as const;
const GENERATOR_LOW = [0x51989, 0xa3312, 0x0e32d, 0x1677a, 0x26ffd] as const;

/** BIP380's checksum in the making: a polynomial of 40 bits, in two halves that ordinary numbers hold. */
class Polymod {
  #high = 0;
  #low = 1;

  /** Takes in five bits. */
  add(value: number): void {
    const top = this.#high >>> 15;
    this.#high = ((this.#high & 0x7fff) << 5) | (this.#low >>> 15);
    this.#low = ((this.#low & 0x7fff) << 5) ^ value;
    for (let i = 0; i < 5; i++) {
      if (((top >>> i) & 1) === 0) continue;
      this.#high ^= GENERATOR_HIGH[i]!;
      this.#low ^= GENERATOR_LOW[i]!;
    }
  }

  /** Eight characters. */
  finish(): string {
    for (let i = 0; i < 8; i++) this.add(0);
    this.#low ^= 1;
    let out = '';
    for (const half of [this.#high, this.#low]) {
      for (let shift = 15; shift >= 0; shift -= 5) out += CHECKSUM_CHARSET[(half >>> shift) & 31];
    }
    return out;
  }
}

/** BIP380's eight-character checksum; undefined where a character may not stand in a descriptor. */
export function descriptorChecksum(descriptor: string): string | undefined {
  const polymod = new Polymod();
  let group = 0;
  let inGroup = 0;
  for (const character of descriptor) {
    const position = INPUT_CHARSET.indexOf(character);
    if (position < 0) return undefined;
    polymod.add(position & 31);
    // Which of the three groups of characters it is from: of every three characters together.
    group = group * 3 + (position >> 5);
    if (++inGroup < 3) continue;
    polymod.add(group);
    group = 0;
    inGroup = 0;
  }
  if (inGroup > 0) polymod.add(group);
  return polymod.finish();
}

export function withChecksum(descriptor: string): string {
  return `${descriptor}#${descriptorChecksum(descriptor)}`;
}

/**
 * The descriptor that Core infers for an output script of which nothing else is known, with its checksum. `inner` is
 * the script behind a P2WSH output, where it is known.
 */
export function inferDescriptor(scriptPubKey: Uint8Array, prefixes: AddressPrefixes, inner?: Uint8Array): string {
  return withChecksum(infer(scriptPubKey, prefixes, inner));
}

function infer(scriptPubKey: Uint8Array, prefixes: AddressPrefixes, inner: Uint8Array | undefined): string {
  const { type, solutions, required } = solve(scriptPubKey);
  if (type === 'pubkey' && isPlainKey(solutions[0]!)) return `pk(${toHex(solutions[0]!)})`;
  if (type === 'multisig' && solutions.every(isPlainKey))
    return `multi(${[required, ...solutions.map(toHex)].join(',')})`;
  if (type === 'witness_v1_taproot' && isXOnlyKey(solutions[0]!)) return `rawtr(${toHex(solutions[0]!)})`;
  if (type === 'witness_v0_scripthash' && inner && solve(inner).type === 'multisig') {
    return `wsh(${infer(inner, prefixes, undefined)})`;
  }
  const address = encodeAddress(scriptPubKey, prefixes);
  return address === undefined ? `raw(${toHex(scriptPubKey)})` : `addr(${address})`;
}

/** Compressed or uncompressed, not hybrid. */
function isPlainKey(key: Uint8Array): boolean {
  return key[0]! >= 2 && key[0]! <= 4;
}

const ZERO = new Uint8Array(32);

/** Whether these 32 bytes are the x coordinate of a point. Adding nothing to that point leaves it as it is. */
function isXOnlyKey(key: Uint8Array): boolean {
  return secp256k1().xOnlyTweakAddCheck(key, ZERO, key, 0);
}
