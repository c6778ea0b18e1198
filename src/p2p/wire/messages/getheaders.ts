import { locatorCodec } from './locator.ts';

/** Asks for headers, answered by `headers`. */
export const getHeaders = locatorCodec('getheaders');
