import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '../../../bytes/compare.ts';
import { TAG_SIZE } from '../../../crypto/chacha20.ts';
import { FSChaCha20, FSChaCha20Poly1305 } from '../../../crypto/forward-secret.ts';

/** Bytes of a packet's encrypted length field (BIP324: LENGTH_FIELD_LEN). */
export const LENGTH_SIZE = 3;
/** Bytes of a garbage terminator (BIP324: GARBAGE_TERMINATOR_LEN). */
export const TERMINATOR_SIZE = 16;
/** Bytes of a packet besides its length field and contents: the header byte and the Poly1305 tag. */
export const PACKET_OVERHEAD = 1 + TAG_SIZE;
/** Bit of the header byte that marks a decoy packet, which the receiver ignores (BIP324: IGNORE_BIT_POS). */
export const IGNORE_FLAG = 0x80;

/** Bytes up to which a payload is copied into one part with the rest of its packet. */
const JOINED_LENGTH = 16 * 1024;
const NO_AAD = new Uint8Array(0);

/** Inputs of the key derivation. */
export interface SessionOptions {
  /** The 32-byte ECDH secret. */
  readonly sharedSecret: Uint8Array;
  /** The network's magic, which is part of the derivation. */
  readonly magic: Uint8Array;
  /** Whether this is the outbound end. */
  readonly initiating: boolean;
}

/** One end's keys of a v2 connection; encrypts and decrypts packets (BIP324; Core: BIP324Cipher). */
export class V2Session {
  /** The 32-byte session id: the same at both ends unless a man in the middle has replaced the keys. */
  readonly id: Uint8Array;
  readonly sendTerminator: Uint8Array;
  readonly receiveTerminator: Uint8Array;
  readonly #sendLength: FSChaCha20;
  readonly #sendPacket: FSChaCha20Poly1305;
  readonly #receiveLength: FSChaCha20;
  readonly #receivePacket: FSChaCha20Poly1305;

  constructor({ sharedSecret, magic, initiating }: SessionOptions) {
    const ascii = new TextEncoder();
    const root = extract(sha256, sharedSecret, concatBytes(ascii.encode('bitcoin_v2_shared_secret'), magic));
    const derive = (purpose: string) => expand(sha256, root, ascii.encode(purpose), 32);
    const [us, them] = initiating ? ['initiator', 'responder'] : ['responder', 'initiator'];
    this.#sendLength = new FSChaCha20(derive(`${us}_L`), LENGTH_SIZE);
    this.#sendPacket = new FSChaCha20Poly1305(derive(`${us}_P`));
    this.#receiveLength = new FSChaCha20(derive(`${them}_L`), LENGTH_SIZE);
    this.#receivePacket = new FSChaCha20Poly1305(derive(`${them}_P`));
    const terminators = derive('garbage_terminators');
    const [ofInitiator, ofResponder] = [
      terminators.subarray(0, TERMINATOR_SIZE),
      terminators.subarray(TERMINATOR_SIZE),
    ];
    this.sendTerminator = initiating ? ofInitiator : ofResponder;
    this.receiveTerminator = initiating ? ofResponder : ofInitiator;
    this.id = derive('session_id');
  }

  /**
   * Encrypts the next packet. Returns parts to send in order, so that a large payload is not copied. `head` is the
   * header byte and the part of the contents that precedes the payload.
   */
  seal(head: Uint8Array, payload: Uint8Array, aad: Uint8Array = NO_AAD): readonly Uint8Array[] {
    const contentsLength = head.length - 1 + payload.length;
    const length = Uint8Array.of(contentsLength, contentsLength >> 8, contentsLength >> 16);
    this.#sendLength.crypt(length);
    if (payload.length > JOINED_LENGTH) {
      const [sealedHead, ...rest] = this.#sendPacket.seal(aad, [head, payload]);
      return [concatBytes(length, sealedHead!), ...rest];
    }
    return [concatBytes(length, ...this.#sendPacket.seal(aad, [concatBytes(head, payload)]))];
  }

  /** Decrypts the next packet's length field in place. Returns the length of its contents. */
  openLength(length: Uint8Array): number {
    this.#receiveLength.crypt(length);
    return length[0]! | (length[1]! << 8) | (length[2]! << 16);
  }

  /**
   * Decrypts the next packet, without its length field, to header byte and contents; undefined if authentication fails.
   */
  open(sealed: Uint8Array, aad: Uint8Array = NO_AAD): Uint8Array | undefined {
    return this.#receivePacket.open(aad, sealed);
  }
}
