import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '../../../bytes/compare.ts';
import { TAG_SIZE } from '../../../crypto/chacha20.ts';
import { FSChaCha20, FSChaCha20Poly1305 } from '../../../crypto/forward-secret.ts';

/** Bytes of the encrypted length before each packet. */
export const LENGTH_SIZE = 3;
/** Bytes of what ends the garbage. */
export const TERMINATOR_SIZE = 16;
/** Bytes of a packet beyond its contents and its length: the byte of flags, and the tag. */
export const PACKET_OVERHEAD = 1 + TAG_SIZE;
/** Set in the byte of flags of a packet that is to be ignored: a decoy. */
export const IGNORE_FLAG = 0x80;

/** Packets with payloads up to this are sent in one piece. */
const JOINED_LENGTH = 16 * 1024;
const NO_AAD = new Uint8Array(0);

export interface SessionOptions {
  /** What both ends have computed: 32 bytes. */
  readonly sharedSecret: Uint8Array;
  /** Of the network: the same secret gives other keys on another one. */
  readonly magic: Uint8Array;
  /** Whether we called. */
  readonly initiating: boolean;
}

/** The keys of one connection, as one end uses them, and the packets made with them (BIP324). */
export class V2Session {
  /** Equal at both ends, unless there is somebody between them: 32 bytes. */
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
   * The next packet to send, in parts, so that a large payload is not copied. `head` is the byte of flags and what of the
   * contents comes before the payload.
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

  /** The number of bytes of the contents of the next packet, decrypted in place. */
  openLength(length: Uint8Array): number {
    this.#receiveLength.crypt(length);
    return length[0]! | (length[1]! << 8) | (length[2]! << 16);
  }

  /** The byte of flags, and the contents, of the next packet without its length; undefined if it was tampered with. */
  open(sealed: Uint8Array, aad: Uint8Array = NO_AAD): Uint8Array | undefined {
    return this.#receivePacket.open(aad, sealed);
  }
}
