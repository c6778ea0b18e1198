import { ChainError } from '../chain/records/errors.ts';

/** Returns the error for stored light node data that is missing or inconsistent; `what` names the fault. */
export function corrupt(what: string, cause?: unknown): ChainError {
  return new ChainError('corrupt-database', `the stored headers are corrupt: ${what}`, {
    hint: "Delete the light node's blockchain_<NODE_ID>.db. The node downloads its headers again.",
    cause,
  });
}
