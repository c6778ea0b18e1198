import { filterRangeCodec } from './filter-range.ts';

/** BIP157: asks for the filters of at most MAX_FILTERS blocks, each of which comes in a `cfilter` of its own. */
export const getCFilters = filterRangeCodec('getcfilters');
