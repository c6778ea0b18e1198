import { PierError } from '../platform/errors.ts';

export type DecodeErrorCode =
  | 'truncated' // the bytes end before the value does
  | 'trailing-bytes' // bytes are left after the value
  | 'non-canonical' // a compact size longer than it needs to be
  | 'oversized' // a length beyond its limit
  | 'invalid'; // the bytes mean nothing

/** Bytes that are not what they should be; `offset` is where in the input, in bytes. */
export class DecodeError extends PierError {
  declare readonly code: DecodeErrorCode;
  readonly offset: number;

  constructor(code: DecodeErrorCode, offset: number, message: string) {
    super(code, `${message} (at byte ${offset})`);
    this.offset = offset;
  }
}
