import { PierError } from '../platform/errors.ts';

/** The kind of a `DecodeError`. */
export type DecodeErrorCode =
  | 'truncated' // the input ends before the value does
  | 'trailing-bytes' // input is left after the value
  | 'non-canonical' // a compact size is not minimally encoded
  | 'oversized' // a compact size exceeds its limit
  | 'invalid'; // any other malformed input

/** Thrown when bytes or hex cannot be decoded. */
export class DecodeError extends PierError {
  declare readonly code: DecodeErrorCode;
  /** The position of the failure in the input, in bytes. */
  readonly offset: number;

  constructor(code: DecodeErrorCode, offset: number, message: string) {
    super(code, `${message} (at byte ${offset})`);
    this.offset = offset;
  }
}
