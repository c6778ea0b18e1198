import { equalBytes } from '../../bytes/compare.ts';
import { DecodeError } from '../../bytes/errors.ts';
import type { Coin } from '../../consensus/coins.ts';
import { atOnce } from '../../platform/slices.ts';
import type { TimeSlices } from '../../platform/time-slices.ts';
import { Block } from '../../primitives/block.ts';
import type { Store, StoreOperation } from '../../store/store.ts';
import type { FilterIndex } from '../filters/filter-index.ts';
import { corrupt } from '../records/errors.ts';
import { encodeIndex } from '../records/index-codec.ts';
import { blockKey, metaKey, Prefix } from '../records/keys.ts';
import { PendingRecords } from '../records/pending-records.ts';
import type { BlockIndex } from '../tree/block-index.ts';
import type { BlockTree } from '../tree/block-tree.ts';
import { decodeUndoInSteps } from '../utxo/coin-codec.ts';
import type { UtxoCache } from '../utxo/utxo-cache.ts';

const TIP = metaKey('tip');

/** The block that the stored coins belong to (Core: DB_BEST_BLOCK), and which of the two coin sets is live. */
export interface TipMarker {
  readonly hash: Uint8Array;
  readonly coinSet: number;
}

/** Returns the operation that writes the marker. */
export function tipOperation({ hash, coinSet }: TipMarker): StoreOperation {
  const value = new Uint8Array(33);
  value.set(hash);
  value[32] = coinSet;
  return { type: 'put', key: TIP, value };
}

/** Reads the marker. Throws `ChainError` if it is missing or damaged. */
export function readTipMarker(store: Store): TipMarker {
  const bytes = store.get(TIP);
  if (bytes?.length !== 33 || bytes[32]! > 1) throw corrupt('the tip record is missing or damaged');
  return { hash: bytes.slice(0, 32), coinSet: bytes[32]! };
}

/**
 * Reads and writes blocks, undo data, headers and coins. Changes stay in memory, visible to readers, until `flush`
 * writes all of them and the tip in one atomic batch.
 */
export class ChainDb {
  readonly store: Store;
  readonly #tree: BlockTree;
  readonly #bodies = new PendingRecords(Prefix.BODY);
  readonly #undos = new PendingRecords(Prefix.UNDO);
  readonly #filters: FilterIndex | undefined;
  #coins: UtxoCache;
  #storedTip: BlockIndex;

  /** `tip` is the block of the stored coins. `flush` also writes the pending records of `filters`. */
  constructor(store: Store, tree: BlockTree, coins: UtxoCache, tip: BlockIndex, filters?: FilterIndex) {
    this.store = store;
    this.#tree = tree;
    this.#filters = filters;
    this.#coins = coins;
    this.#storedTip = tip;
  }

  /** The UTXO set. */
  get coins(): UtxoCache {
    return this.#coins;
  }

  /** Approximate bytes of memory that pending changes take. */
  get pendingBytes(): number {
    return this.#bodies.bytes + this.#undos.bytes + this.#coins.dirtyBytes + (this.#filters?.pendingBytes ?? 0);
  }

  /** Stores a serialized block. */
  putBody(index: BlockIndex, body: Uint8Array): void {
    this.#bodies.set(index, body);
  }

  /** Stores the encoded undo data of a block. */
  putUndo(index: BlockIndex, undo: Uint8Array): void {
    this.#undos.set(index, undo);
  }

  /** Returns the serialized block; undefined if it is not stored. Throws `ChainError` if it is missing. */
  body(index: BlockIndex): Uint8Array | undefined {
    if (!index.hasData) return undefined;
    const body = this.#bodies.get(index) ?? this.store.get(blockKey(Prefix.BODY, index));
    if (!body) throw corrupt(`the body of block ${index.hashHex} is missing`);
    return body;
  }

  /** Returns the block; undefined if it is not stored. Throws `ChainError` if it is damaged. */
  block(index: BlockIndex): Block | undefined {
    return atOnce(this.blockInSteps(index));
  }

  /** Does what `block` does, in steps. */
  *blockInSteps(index: BlockIndex): Generator<void, Block | undefined> {
    const body = this.body(index);
    if (!body) return undefined;
    const block = yield* decodeInSteps(Block.decodeInSteps(body), `block ${index.hashHex}`);
    if (!equalBytes(block.hash, index.hash))
      throw corrupt(`the header of block ${index.hashHex} does not match its hash`);
    return block;
  }

  /** Returns a block's undo data; undefined if it has never been connected. Throws `ChainError` if damaged. */
  undo(index: BlockIndex): readonly (readonly Coin[])[] | undefined {
    return atOnce(this.undoInSteps(index));
  }

  /** Does what `undo` does, in steps. */
  *undoInSteps(index: BlockIndex): Generator<void, readonly (readonly Coin[])[] | undefined> {
    if (!index.hasUndo) return undefined;
    const undo = this.#undos.get(index) ?? this.store.get(blockKey(Prefix.UNDO, index));
    if (!undo) throw corrupt(`the undo data of block ${index.hashHex} is missing`);
    return yield* decodeInSteps(decodeUndoInSteps(undo), `the undo data of block ${index.hashHex}`);
  }

  /**
   * Writes all changes that are pending now; `tip` is the block that the coins belong to. Encodes them in slices. Must not
   * run twice at a time.
   */
  async flush(tip: BlockIndex, slices: TimeSlices): Promise<void> {
    const operations: StoreOperation[] = [];
    const dirty = this.#tree.takeDirty();
    for (const index of dirty) {
      operations.push({ type: 'put', key: blockKey(Prefix.INDEX, index), value: encodeIndex(index) });
    }
    const bodiesWritten = this.#bodies.addToBatch(operations);
    const undosWritten = this.#undos.addToBatch(operations);
    const filtersWritten = this.#filters?.addToBatch(operations);
    const coins = this.#coins.beginFlush();
    const tipRecord = tipOperation({ hash: tip.hash, coinSet: this.#coins.coinSet });
    try {
      for (const operation of await slices.run(coins.operations())) operations.push(operation);
      if (operations.length === 0 && tip === this.#storedTip) return coins.done();
      operations.push(tipRecord);
      await this.store.write(operations);
    } catch (error) {
      coins.failed();
      for (const index of dirty) this.#tree.markDirty(index);
      throw error;
    }
    this.#storedTip = tip;
    coins.done();
    bodiesWritten();
    undosWritten();
    filtersWritten?.();
  }

  /** Switches to the coins of the same tip in the other coin set. */
  replaceCoins(coins: UtxoCache): void {
    this.#coins = coins;
  }
}

/** Decodes a stored record. Throws `ChainError` if it is damaged. */
function* decodeInSteps<T>(read: Generator<void, T>, what: string): Generator<void, T> {
  try {
    return yield* read;
  } catch (error) {
    if (error instanceof DecodeError) throw corrupt(`${what} cannot be decoded`, error);
    throw error;
  }
}
