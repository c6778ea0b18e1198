import { toHex } from '../../bytes/hex.ts';
import { secp256k1 } from '../../crypto/secp256k1.ts';
import { type AddressPrefixes, encodeAddress } from '../../script/address.ts';
import { MAX_SCRIPT_SIZE } from '../../script/limits.ts';
import { solve } from '../../script/standard.ts';
import { type Json, JsonText } from '../json/json.ts';
import { hexPieces } from './large-json.ts';

/** The characters of descriptors, in three groups of 32 (BIP380). */
const INPUT_CHARSET =
  '0123456789()[],\'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#"\\ ';
const CHECKSUM_CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
/** The generator's five 40-bit coefficients, split into upper and lower 20 bits. */
const GENERATOR_HIGH = [0xf5dee, 0xa9fdc, 0x1bab1, 0x3706b, 0x644d6] as const;
const GENERATOR_LOW = [0x51989, 0xa3312, 0x0e32d, 0x1677a, 0x26ffd] as const;

/** Computes the checksum of BIP380: a 40-bit polynomial, in two halves that fit JavaScript's bit operations. */
class Polymod {
  #high = 0;
  #low = 1;

  /** Adds five bits. */
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

  /** Returns the checksum, eight characters. */
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

/** Computes the checksum of a descriptor (BIP380) that is given in pieces. */
class DescriptorChecksum {
  readonly #polymod = new Polymod();
  #group = 0;
  #inGroup = 0;

  /** Adds characters. Returns false if one of them is invalid. */
  add(text: string): boolean {
    for (const character of text) {
      const position = INPUT_CHARSET.indexOf(character);
      if (position < 0) return false;
      this.#polymod.add(position & 31);
      // The group numbers of three characters form one symbol.
      this.#group = this.#group * 3 + (position >> 5);
      if (++this.#inGroup < 3) continue;
      this.#polymod.add(this.#group);
      this.#group = 0;
      this.#inGroup = 0;
    }
    return true;
  }

  /** Returns the checksum, eight characters. */
  finish(): string {
    if (this.#inGroup > 0) this.#polymod.add(this.#group);
    return this.#polymod.finish();
  }
}

/** Returns the eight-character checksum of a descriptor (BIP380); undefined if it has an invalid character. */
export function descriptorChecksum(descriptor: string): string | undefined {
  const checksum = new DescriptorChecksum();
  return checksum.add(descriptor) ? checksum.finish() : undefined;
}

/** Appends the checksum to a descriptor (Core: AddChecksum). */
export function withChecksum(descriptor: string): string {
  return `${descriptor}#${descriptorChecksum(descriptor)}`;
}

/**
 * Infers the descriptor, with checksum, of an output script without knowledge of keys (Core:
 * InferDescriptor). `inner` is the witness script of a P2WSH output, if known.
 */
export function inferDescriptor(scriptPubKey: Uint8Array, prefixes: AddressPrefixes, inner?: Uint8Array): Json {
  // No script with a descriptor of its own is as long.
  if (scriptPubKey.length > MAX_SCRIPT_SIZE) return new JsonText(rawDescriptorPieces(scriptPubKey));
  return withChecksum(infer(scriptPubKey, prefixes, inner));
}

function* rawDescriptorPieces(script: Uint8Array): Generator<string> {
  const checksum = new DescriptorChecksum();
  function* pieces() {
    yield 'raw(';
    yield* hexPieces(script);
    yield ')';
  }
  for (const piece of pieces()) {
    checksum.add(piece);
    yield piece;
  }
  yield `#${checksum.finish()}`;
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

/** Returns whether a public key is compressed or uncompressed, not hybrid. */
function isPlainKey(key: Uint8Array): boolean {
  return key[0]! >= 2 && key[0]! <= 4;
}

const ZERO = new Uint8Array(32);

/** Returns whether 32 bytes are the x coordinate of a curve point: a tweak by zero then yields the same point. */
function isXOnlyKey(key: Uint8Array): boolean {
  return secp256k1().xOnlyTweakAddCheck(key, ZERO, key, 0);
}
