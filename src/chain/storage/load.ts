import { equalBytes } from '../../bytes/compare.ts';
import { DecodeError } from '../../bytes/errors.ts';
import { toReversedHex } from '../../bytes/hex.ts';
import { type ChainParams, chainParams, networkNames } from '../../consensus/params.ts';
import { ContentCache } from '../../store/content-cache.ts';
import type { Store, StoreOperation } from '../../store/store.ts';
import { ChainError, corrupt } from '../records/errors.ts';
import { decodeIndex, encodeIndex, type IndexRecord } from '../records/index-codec.ts';
import { blockKey, metaKey, Prefix, parseBlockKey, prefixRange } from '../records/keys.ts';
import { BlockIndex } from '../tree/block-index.ts';
import { BlockTree } from '../tree/block-tree.ts';
import { readTipMarker, type TipMarker, tipOperation } from './chain-db.ts';

/** Version of the layout of keys and values. Stores with another version are rejected. */
const FORMAT_VERSION = 1;
const FORMAT = metaKey('format');

/** Returns version || genesis hash. */
function formatRecord(params: ChainParams): Uint8Array {
  return Uint8Array.from([FORMAT_VERSION, ...params.genesis.hash]);
}

/** Writes the genesis block to an empty store. Throws `ChainError` for a store of another network or format. */
export async function prepareStore(store: Store, params: ChainParams): Promise<void> {
  const expected = formatRecord(params);
  const found = store.get(FORMAT);
  if (!found) {
    await store.write(genesisOperations(params, expected));
    return;
  }
  if (equalBytes(found, expected)) return;
  if (found[0] !== FORMAT_VERSION)
    throw corrupt(`it has format ${found[0]}; this version reads format ${FORMAT_VERSION}`);
  const network = networkOf(found.subarray(1));
  throw new ChainError('other-network', `the block database belongs to ${network}, not to ${params.network}`, {
    hint: `Start with the network it belongs to, or use another data directory for ${params.network}.`,
  });
}

function networkOf(genesisHash: Uint8Array): string {
  const name = networkNames.find((candidate) => equalBytes(chainParams(candidate).genesis.hash, genesisHash));
  return name ?? `a network with genesis ${toReversedHex(genesisHash)}`;
}

function genesisOperations({ genesis }: ChainParams, format: Uint8Array): StoreOperation[] {
  const index = BlockIndex.of(genesis.header, genesis.hash, undefined, 0n);
  index.hasData = true;
  index.txCount = genesis.transactions.length;
  return [
    { type: 'put', key: FORMAT, value: format },
    { type: 'put', key: blockKey(Prefix.INDEX, index), value: encodeIndex(index) },
    { type: 'put', key: blockKey(Prefix.BODY, index), value: genesis.encode() },
    tipOperation({ hash: genesis.hash, coinSet: 0 }),
  ];
}

const trees = new ContentCache<BlockTree>();

/** Reads all headers (Core: LoadBlockIndex). Throws `ChainError`. */
export function loadTree(store: Store): BlockTree {
  if (!store.contentId) return readTree(store);
  const known = trees.get(store) ?? readTree(store);
  trees.set(store, known);
  return known.copy();
}

/** Reads the headers of a store, parents first as keys sort by height. */
function readTree(store: Store): BlockTree {
  const tree = new BlockTree();
  let last: BlockIndex | undefined;
  for (const [key, value] of store.entries(prefixRange(Prefix.INDEX))) {
    if (key.length !== 37) throw corrupt('the key of a header is damaged');
    const { height, hash } = parseBlockKey(key);
    const record = decodeRecord(value, hash);
    const { prevHash } = record.header;
    // Usually the header just read, which saves the lookup.
    const prev = last && equalBytes(last.hash, prevHash) ? last : tree.get(prevHash);
    if (height !== (prev ? prev.height + 1 : 0)) throw corrupt(`block ${toReversedHex(hash)} has no parent`);
    const index = tree.restore(record.header, hash, prev);
    index.hasData = record.hasData;
    index.hasUndo = record.hasUndo;
    index.txCount = record.txCount;
    index.failed = record.failed;
    index.sequence = 1;
    if (record.hasData) tree.link(index);
    last = index;
  }
  tree.findBestHeader();
  return tree;
}

function decodeRecord(value: Uint8Array, hash: Uint8Array): IndexRecord {
  try {
    return decodeIndex(value, hash);
  } catch (error) {
    if (error instanceof DecodeError)
      throw corrupt(`the header of block ${toReversedHex(hash)} cannot be decoded`, error);
    throw error;
  }
}

/** Reads the tip of the stored coins and sets up the tip candidates (Core: LoadChainTip). Throws `ChainError`. */
export function loadTip(store: Store, tree: BlockTree): { readonly tip: BlockIndex; readonly marker: TipMarker } {
  const marker = readTipMarker(store);
  const tip = tree.get(marker.hash);
  if (!tip || tip.chainTxCount === 0) throw corrupt('its tip is unknown or incomplete');
  // Among chains with equal work, the active one stays active.
  for (let at: BlockIndex | undefined = tip; at; at = at.prev) at.sequence = 0;
  // The tip can be invalid if the node stopped while disconnecting it.
  let base = tip;
  while (base.failed) base = base.prev!;
  tree.collectCandidates(base);
  return { tip, marker };
}
