import { emptyCodec } from './codec.ts';

/** Answers `version`: the sender has accepted the receiver's. */
export const verack = emptyCodec('verack');
