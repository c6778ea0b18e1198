import { equalBytes } from '../../bytes/compare.ts';
import { DecodeError } from '../../bytes/errors.ts';
import type { Coin } from '../../consensus/coins.ts';
import { Block } from '../../primitives/block.ts';
import type { Store, StoreOperation } from '../../store/store.ts';
import type { FilterIndex } from '../filters/filter-index.ts';
import { corrupt } from '../records/errors.ts';
import { encodeIndex } from '../records/index-codec.ts';
import { blockKey, metaKey, Prefix } from '../records/keys.ts';
import { PendingRecords } from '../records/pending-records.ts';
import type { BlockIndex } from '../tree/block-index.ts';
import type { BlockTree } from '../tree/block-tree.ts';
import { decodeUndo, encodeUndo } from '../utxo/coin-codec.ts';
import type { CoinsCache } from '../utxo/utxo-cache.ts';

const TIP = metaKey('tip');

/** The tip that the stored coins belong to, and which of the two sets of coins is the live one. */
export interface TipMarker {
  readonly hash: Uint8Array;
  readonly coinSet: number;
}

/** Writes the marker. */
export function tipOperation({ hash, coinSet }: TipMarker): StoreOperation {
  const value = new Uint8Array(33);
  value.set(hash);
  value[32] = coinSet;
  return { type: 'put', key: TIP, value };
}

/** The marker as stored; throws `ChainError` if it is damaged. */
export function readTipMarker(store: Store): TipMarker {
  const bytes = store.get(TIP);
  if (bytes?.length !== 33 || bytes[32]! > 1) throw corrupt('the marker of its tip is missing or damaged');
  return { hash: bytes.slice(0, 32), coinSet: bytes[32]! };
}

/**
 * The chain's side of the store: what has changed is kept in memory, readable at once, until `flush` writes all of it,
 * with the tip that it leads to, in one atomic batch.
 */
export class ChainDb {
  readonly store: Store;
  readonly #tree: BlockTree;
  readonly #bodies = new PendingRecords(Prefix.BODY);
  readonly #undos = new PendingRecords(Prefix.UNDO);
  readonly #filters: FilterIndex | undefined;
  #coins: CoinsCache;
  #storedTip: BlockIndex;

  /** `tip` is the one that the stored coins belong to. What `filters` has to write goes with the rest. */
  constructor(store: Store, tree: BlockTree, coins: CoinsCache, tip: BlockIndex, filters?: FilterIndex) {
    this.store = store;
    this.#tree = tree;
    this.#filters = filters;
    this.#coins = coins;
    this.#storedTip = tip;
  }

  get coins(): CoinsCache {
    return this.#coins;
  }

  /** Memory that unwritten changes take, roughly. */
  get pendingBytes(): number {
    return this.#bodies.bytes + this.#undos.bytes + this.#coins.dirtyBytes + (this.#filters?.pendingBytes ?? 0);
  }

  putBody(index: BlockIndex, body: Uint8Array): void {
    this.#bodies.set(index, body);
  }

  putUndo(index: BlockIndex, undo: readonly (readonly Coin[])[]): void {
    this.#undos.set(index, encodeUndo(undo));
  }

  /** The block as it is sent. */
  body(index: BlockIndex): Uint8Array | undefined {
    if (!index.hasData) return undefined;
    const body = this.#bodies.get(index) ?? this.store.get(blockKey(Prefix.BODY, index));
    if (!body) throw corrupt(`the body of block ${index.hashHex} is missing`);
    return body;
  }

  block(index: BlockIndex): Block | undefined {
    const body = this.body(index);
    if (!body) return undefined;
    const block = decode(() => Block.decode(body), `block ${index.hashHex}`);
    if (!equalBytes(block.hash, index.hash)) throw corrupt(`block ${index.hashHex} has another header`);
    return block;
  }

  /** What the block spends: for each transaction but the coinbase, the coins of its inputs. */
  undo(index: BlockIndex): readonly (readonly Coin[])[] | undefined {
    if (!index.hasUndo) return undefined;
    const undo = this.#undos.get(index) ?? this.store.get(blockKey(Prefix.UNDO, index));
    if (!undo) throw corrupt(`what block ${index.hashHex} spends is missing`);
    return decode(() => decodeUndo(undo), `what block ${index.hashHex} spends`);
  }

  /** Writes all that has changed; `tip` is the block whose unspent outputs the coins are. One at a time. */
  async flush(tip: BlockIndex): Promise<void> {
    const operations: StoreOperation[] = [];
    const dirty = this.#tree.takeDirty();
    for (const index of dirty) {
      operations.push({ type: 'put', key: blockKey(Prefix.INDEX, index), value: encodeIndex(index) });
    }
    const bodiesWritten = this.#bodies.addTo(operations);
    const undosWritten = this.#undos.addTo(operations);
    const filtersWritten = this.#filters?.addTo(operations);
    const coins = this.#coins.beginFlush();
    for (const operation of coins.operations) operations.push(operation);
    if (operations.length === 0 && tip === this.#storedTip) return coins.done();
    operations.push(tipOperation({ hash: tip.hash, coinSet: this.#coins.set }));
    try {
      await this.store.write(operations);
    } catch (error) {
      coins.failed();
      for (const index of dirty) this.#tree.touch(index);
      throw error;
    }
    this.#storedTip = tip;
    coins.done();
    bodiesWritten();
    undosWritten();
    filtersWritten?.();
  }

  /** Takes other coins for the live ones: those of the same tip, in the other set. */
  replaceCoins(coins: CoinsCache): void {
    this.#coins = coins;
  }
}

function decode<T>(read: () => T, what: string): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof DecodeError) throw corrupt(`${what} cannot be decoded`, error);
    throw error;
  }
}
