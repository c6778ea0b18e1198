import { MAX_SCRIPT_ELEMENT_SIZE } from '../../../script/limits.ts';
import type { Handler } from '../handler-context.ts';

// BIP37. Who sends these to a node that does not offer the service has been disconnected before.

export const onFilterLoad: Handler<'filterload'> = ({ txAnnouncer }, peer, filter) => {
  if (!filter.isWithinSizeConstraints) return peer.misbehaving('a bloom filter that is too large');
  txAnnouncer.setFilter(peer, filter);
};

export const onFilterAdd: Handler<'filteradd'> = ({ txAnnouncer }, peer, { element }) => {
  const filter = txAnnouncer.filter(peer);
  if (element.length > MAX_SCRIPT_ELEMENT_SIZE) return peer.misbehaving('filteradd of an element that is too long');
  if (!filter && peer.type !== 'block-relay-only') return peer.misbehaving('filteradd without a filter');
  filter?.insert(element);
};

export const onFilterClear: Handler<'filterclear'> = ({ txAnnouncer }, peer) => txAnnouncer.setFilter(peer, undefined);
