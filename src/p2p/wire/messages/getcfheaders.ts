import { filterRangeCodec } from './filter-range.ts';

/** BIP157: asks for the hashes of at most MAX_FILTER_HASHES filters, from which their headers follow. */
export const getCFHeaders = filterRangeCodec('getcfheaders');
