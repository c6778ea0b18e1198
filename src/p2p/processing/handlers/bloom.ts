import { MAX_SCRIPT_ELEMENT_SIZE } from '../../../script/limits.ts';
import type { Handler } from '../handler-context.ts';

// BIP37. `Peer` disconnects a sender of these commands if this node does not offer the service.

/** Sets the peer's Bloom filter. */
export const onFilterLoad: Handler<'filterload'> = ({ txAnnouncer }, peer, filter) => {
  if (!filter.isWithinSizeConstraints) return peer.misbehaving('too-large bloom filter');
  txAnnouncer.setFilter(peer, filter);
};

/** Adds an element to the peer's Bloom filter. */
export const onFilterAdd: Handler<'filteradd'> = ({ txAnnouncer }, peer, { element }) => {
  const filter = txAnnouncer.filter(peer);
  if (element.length > MAX_SCRIPT_ELEMENT_SIZE) return peer.misbehaving('too-large filteradd element');
  if (!filter && peer.type !== 'block-relay-only') return peer.misbehaving('filteradd without a filter');
  filter?.insert(element);
};

/** Removes the peer's Bloom filter. */
export const onFilterClear: Handler<'filterclear'> = ({ txAnnouncer }, peer) => txAnnouncer.setFilter(peer, undefined);
