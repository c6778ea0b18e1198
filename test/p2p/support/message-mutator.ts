import { concatBytes } from '../../../src/bytes/compare.ts';
import { type Command, codecs, encodeMessage } from '../../../src/p2p/wire/messages/index.ts';
import { InvType } from '../../../src/p2p/wire/messages/inventory.ts';
import { NO_STOP } from '../../../src/p2p/wire/messages/locator.ts';
import { type Random, randomInt } from '../../../src/platform/random.ts';
import type { Block } from '../../../src/primitives/block.ts';
import type { Transaction } from '../../../src/primitives/transaction.ts';
import { BloomFilter } from '../../../src/proofs/bloom-filter.ts';
import { MerkleBlock } from '../../../src/proofs/merkle-block.ts';
import { mineBlock, OP_TRUE, spend } from '../../chain/support/builder.ts';
import { hostileCounts } from '../../support/hostile.ts';
import { bloomMisbehaviours } from './bloom-misbehaviours.ts';
import { versionMessage } from './fake-peer.ts';
import { misbehaviours, type Scene } from './misbehaviours.ts';
import { raw } from './raw-message.ts';

export interface RandomMessage {
  readonly command: string;
  readonly payload: Uint8Array;
}

const commands = [...Object.keys(codecs), 'sendtxrcncl', 'nosuchthing'];
/** Commands that end the connection, and are therefore rare. */
const fatal = new Set([
  'wtxidrelay',
  'sendaddrv2',
  'filteradd',
  'filterload',
  'getcfilters',
  'getcfheaders',
  'getcfcheckpt',
]);

/** Generates random messages: well-formed ones of every type, damaged ones and random bytes. */
export class MessageMutator {
  scene: Scene;
  readonly #random: Random;
  readonly #misbehaving: readonly Uint8Array[];
  /** A fixed number, since valid side branches are stored and would let the chain grow with the number of messages. */
  readonly #blocks: readonly Block[];
  readonly #transactions: readonly Transaction[];

  constructor(scene: Scene, random: Random) {
    this.scene = scene;
    this.#random = random;
    const isSmall = (message: Uint8Array) => message.length < 20_000;
    this.#blocks = Array.from({ length: 40 }, (_, tag) => mineBlock(scene.tip, { tag, fees: tag < 4 ? 0n : 1n }));
    this.#transactions = Array.from({ length: 40 }, (_, i) => {
      const prevout = i < 20 ? scene.coin() : { txid: this.#bytes(32), vout: 0 };
      const outputs = [1n, 2n].map((share) => ({ value: share * 1_000_000_000n, scriptPubKey: OP_TRUE }));
      return spend({ inputs: [prevout], outputs });
    });
    this.#misbehaving = [...misbehaviours, ...bloomMisbehaviours].flatMap(({ messages }) =>
      [...messages(scene)].filter(isSmall),
    );
  }

  #below(bound: number): number {
    return randomInt(this.#random, bound);
  }

  #bytes(length: number): Uint8Array {
    return this.#random.bytes(length);
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)]!;
  }

  next(): RandomMessage {
    let command = this.#pick(commands);
    if (fatal.has(command) && this.#below(10) > 0) command = 'inv';
    const payload = this.#below(20) === 0 ? this.#bytes(this.#below(300)) : this.#wellFormed(command);
    return { command, payload: this.#below(3) === 0 ? payload : this.#damaged(payload) };
  }

  /** Returns a framed message, whose frame may be damaged as well. */
  nextFrame(): Uint8Array {
    if (this.#below(100) === 0) return this.#pick(this.#misbehaving);
    const { command, payload } = this.next();
    const frame = raw(command, payload);
    if (this.#below(300) === 0) return this.#damaged(frame);
    if (this.#below(30) === 0) frame[20]! ^= 1;
    return frame;
  }

  /** Applies one to three changes: flipped bits, truncation, insertion, repetition, false counts. */
  #damaged(bytes: Uint8Array): Uint8Array {
    let damaged = bytes;
    for (let n = 1 + this.#below(3); n > 0; n--) damaged = this.#damage(damaged);
    return damaged;
  }

  #damage(bytes: Uint8Array): Uint8Array {
    const at = this.#below(bytes.length + 1);
    const to = Math.min(bytes.length, at + this.#below(40));
    switch (this.#below(6)) {
      case 0:
        return bytes.subarray(0, at);
      case 1:
        return concatBytes(bytes.subarray(0, at), this.#bytes(this.#below(40)), bytes.subarray(at));
      case 2:
        return concatBytes(bytes.subarray(0, to), bytes.subarray(at));
      case 3:
        return concatBytes(bytes.subarray(0, at), this.#pick(hostileCounts), bytes.subarray(to));
      case 4:
        return concatBytes(this.#pick(hostileCounts), bytes.subarray(Math.min(bytes.length, 1)));
      default: {
        const flipped = Uint8Array.from(bytes);
        if (at < flipped.length) flipped[at]! ^= 1 << this.#below(8);
        return flipped;
      }
    }
  }

  #hash(): Uint8Array {
    const { tip } = this.scene;
    if (this.#below(3) > 0) return this.#bytes(32);
    return this.#below(4) === 0 ? tip.hash : tip.ancestor(this.#below(tip.height))!.hash;
  }

  #list<T>(make: () => T): T[] {
    return Array.from({ length: this.#below(this.#below(10) === 0 ? 60 : 5) }, make);
  }

  #address() {
    const network = this.#pick([1, 2, 4, 5, 6]);
    const length = { 1: 4, 2: 16, 4: 32, 5: 32, 6: 16 }[network]!;
    const time = this.#below(2 ** 31);
    return {
      time,
      services: BigInt(this.#below(2048)),
      network,
      address: this.#bytes(length),
      port: this.#below(65_536),
    };
  }

  #filterStop() {
    return { filterType: this.#below(10) === 0 ? 1 : 0, stopHash: this.#hash() };
  }

  #ipAddress() {
    return { ...this.#address(), network: 1, address: this.#bytes(4) };
  }

  #filter(): BloomFilter {
    const filter = BloomFilter.forElements(1 + this.#below(5), 0.1, this.#below(2 ** 32), this.#below(4));
    filter.insert(this.#pick(this.#transactions).txid);
    return filter;
  }

  /** Returns a payload that an honest peer may send. */
  #wellFormed(command: string): Uint8Array {
    const types = [...Object.values(InvType), 9];
    const entries = () => this.#list(() => ({ type: this.#pick(types), hash: this.#hash() }));
    switch (command as Command) {
      case 'addr':
        return encodeMessage('addr', { addresses: this.#list(() => this.#ipAddress()) });
      case 'addrv2':
        return encodeMessage('addrv2', { addresses: this.#list(() => this.#address()) });
      case 'block':
        return encodeMessage('block', this.#pick(this.#blocks));
      case 'cfcheckpt':
        return encodeMessage('cfcheckpt', { ...this.#filterStop(), filterHeaders: this.#list(() => this.#hash()) });
      case 'cfheaders': {
        const filterHashes = this.#list(() => this.#hash());
        return encodeMessage('cfheaders', { ...this.#filterStop(), previousHeader: this.#hash(), filterHashes });
      }
      case 'cfilter': {
        const filter = this.#bytes(this.#below(100));
        return encodeMessage('cfilter', { filterType: this.#below(2), blockHash: this.#hash(), filter });
      }
      case 'feefilter':
        return encodeMessage('feefilter', { feeRate: BigInt(this.#below(2 ** 31)) });
      case 'filteradd':
        return encodeMessage('filteradd', { element: this.#bytes(this.#below(40)) });
      case 'filterload':
        return encodeMessage('filterload', this.#filter());
      case 'getblocks':
      case 'getheaders':
        return encodeMessage('getheaders', { locator: this.#list(() => this.#hash()), stop: NO_STOP });
      case 'getcfcheckpt':
        return encodeMessage('getcfcheckpt', this.#filterStop());
      case 'getcfheaders':
      case 'getcfilters':
        return encodeMessage('getcfilters', { ...this.#filterStop(), startHeight: this.#below(300) });
      case 'getdata':
      case 'inv':
      case 'notfound':
        return encodeMessage('inv', { entries: entries() });
      case 'headers':
        return encodeMessage('headers', { headers: this.#list(() => this.#pick(this.#blocks).header).slice(0, 2) });
      case 'merkleblock': {
        const block = this.#pick(this.#blocks);
        return encodeMessage('merkleblock', MerkleBlock.of(block, [this.#below(2) === 0]));
      }
      case 'ping':
      case 'pong':
        return this.#bytes(8);
      case 'sendcmpct':
        return encodeMessage('sendcmpct', { highBandwidth: this.#below(2) === 0, version: BigInt(1 + this.#below(3)) });
      case 'tx':
        return encodeMessage('tx', this.#pick(this.#transactions));
      case 'version':
        return encodeMessage(
          'version',
          versionMessage({ startHeight: this.#below(1000), relay: this.#below(2) === 0 }),
        );
      default:
        return this.#bytes(this.#below(2) * this.#below(40));
    }
  }
}
